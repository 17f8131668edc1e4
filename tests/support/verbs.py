"""First words of names of functions: verbs in the present. A name that begins with another word is reported."""

from __future__ import annotations

__all__ = ["VERBS"]

_WORDS = """
    ablate accumulate act adapt add admit advance advise align allocate allow answer append apply are arrange ask
    assert assign attend attribute augment average beats begin bend break bring build call cancel cancels center
    change check choose chunk clean clear click clip close collect color combine comes compare compile compose
    compress compute concatenate connect contribute convert convolve copy correct count counts create crop cut darken
    declare decode define depends derive describe develop die differentiate disable divide do double download draw
    drop edit embed encode end ensure enter estimate evaluate execute expand explain export extract fade fail favour
    fill find fingerprint finish fit flatten flow flush fold follow forbid forget forgive format frame fuse gather
    generate get give go group grow guess halve hang has hash hide hold holds hover identify ignore import index
    infer initialize inline insert inspect install integrate interpolate interpret interrupt invert is iterate
    jitter join judge keep keeps kill label lay leave leaves lighten limit link list listen load locate lock log
    look loop lower
    make map mark match may measure mend merge mix mixes mount move multiply mutate name needs normalise normalize
    note number open optimize order pack pad paint parse part pass pick place plan point pool post precompute
    predict prepare preprocess print project propagate prove prune pull put pytest quote raise randomize rank reach
    read reads receive recognises recognize record redistribute reduce refresh refuse register regularise relate
    remember remove rename render repeat replace report require resample reset resize resolve respond return
    revalidate reverse rewrite round run sample save say scale scan score seed select send separate serialize serve
    set share shift shorten show shuffle sift sign silence simplify size skip slice slide smooth snap solve sort
    spell split spread squeeze stabilize stamp standardise standardize start state step stop store strengthen
    stretch strip style submit suggest sum summarize sums sweep switch tabulate take takes thin time trace track
    train transform transpose trim trust trusts try turn undo unite unpack untar unwrap update use validate view
    visualize wait walk warm watch weigh widen wrap write zero zoom
"""

VERBS = frozenset(_WORDS.split())
"""Words of the names in this project; a new name may bring a new verb."""
