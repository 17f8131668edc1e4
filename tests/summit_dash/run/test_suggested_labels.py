from __future__ import annotations

import numpy as np
import pytest

from summit_dash.payloads.keys import build_payload
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore
from summit_dash.run.suggested_labels import Naming, Vocabulary, build_vocabulary, choose_top, split_words, suggest
from tests.reference.suggestions import find_suggestion


def make_vocabulary(*names: str | tuple[str, str]) -> Vocabulary:
    """Builds the words of classes 0, 1, ... from their names, or name and group."""
    named = [Naming(each, None) if isinstance(each, str) else Naming(*each) for each in names]
    return build_vocabulary(dict(enumerate(named)))


OTHERS = tuple(f"{a}{b}" for a in ("bel", "cor", "dun", "fal", "gar", "hep") for b in ("ak", "im", "ot", "uz"))
"""Names that share no word."""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("great white_shark", ["great", "white", "shark"]),
        ("soft-coated wheaten terrier", ["soft", "coated", "wheaten", "terrier"]),
        ("The bird of paradise and on", ["bird", "paradise"]),
        ("Boeing 747, Model T", ["boeing", "model"]),
        ("jack-o'-lantern", ["jack", "lantern"]),
        ("Äpfel École naïve", ["äpfel", "école", "naïve"]),
        ("Ma\u0308rz", ["m\u00e4rz"]),
        ("हिन्दी 犬", ["हिन्दी", "犬"]),
        ("n02085620 42", []),
    ],
)
def test_a_name_is_split_into_words(text: str, words: list[str]) -> None:
    assert split_words(text) == words


def test_a_plural_is_its_singular_where_the_run_has_both() -> None:
    found = make_vocabulary(
        ("brown bear", "bears"), ("butterfly", "butterflies"), "red fox", "two foxes", "camera lens"
    )
    assert found.words[0] == {"brown", "bear"}
    assert found.words[1] == {"butterfly"}
    assert found.words[3] == {"two", "fox"}
    assert found.words[4] == {"camera", "lens"}
    kept = make_vocabulary("Vulpes vulpes", "glass", "New Zealand", "news", "bus", "gas")
    assert kept.words[0] == {"vulpes"}
    assert kept.words[3] == {"new"}, "what is spelt like a plural cannot be told from one"
    assert kept.words[4] | kept.words[5] == {"bus", "gas"}


def test_a_group_of_several_words_is_one_word() -> None:
    found = make_vocabulary(("falcon", "Birds_of prey"), ("owl", "Birds_of prey"), ("robin", "42"))
    assert found.words[0] == {"falcon", "birds of prey"}
    assert found.words[2] == {"robin"}


def test_the_last_word_of_a_name_says_what_the_class_is() -> None:
    assert make_vocabulary(("timber wolf, Canis lupus", "dogs")).heads[0] == {"wolf", "lupus", "dogs"}


def test_the_top_classes_use_the_channel_at_least_half_as_much_as_the_first() -> None:
    assert choose_top({3: 0.2, 1: 0.4, 2: 0.19, 0: 0.4}) == [0, 1, 3]
    assert choose_top({}) == []


def test_of_many_classes_twelve_are_the_top_and_those_level_with_the_last() -> None:
    shares = {class_id: 0.9 - 0.01 * class_id for class_id in range(20)}
    assert choose_top(shares) == list(range(12))
    assert choose_top({**shares, 12: shares[11], 30: shares[11]}) == [*range(13), 30]


def test_what_the_top_classes_share_is_suggested() -> None:
    found = suggest(make_vocabulary("Border terrier", "Irish terrier", "Yorkshire terrier", *OTHERS), [0, 1, 2, 5])
    assert found is not None
    assert found == (("terrier",), 3, 4)


def test_nothing_shared_is_nothing_suggested() -> None:
    words = make_vocabulary("Border terrier", "Irish terrier", "Yorkshire terrier", *OTHERS)
    assert suggest(words, [0, 5, 6, 7]) is None, "one class has the word"
    assert suggest(words, [0]) is None
    assert suggest(words, []) is None
    assert suggest(words, [0, 1, 2, *range(5, 15)]) is None, "three of thirteen"


def test_a_word_of_most_classes_is_not_suggested() -> None:
    names = [f"{name} bird" for name in OTHERS[:18]]
    assert suggest(make_vocabulary(*names, *OTHERS[18:]), [0, 1, 2, 3]) is None
    assert suggest(make_vocabulary(*names, *OTHERS[18:]), list(range(18))) is None


def test_a_word_that_chance_may_have_brought_is_not_suggested() -> None:
    names = [f"red {name}" for name in OTHERS[:10]]
    assert suggest(make_vocabulary(*names, *OTHERS[10:]), [0, 1, 20, 21]) is None


def test_words_of_the_same_classes_are_one() -> None:
    found = suggest(make_vocabulary("brown bear, Ursus arctos", "black bear, Ursus americanus", *OTHERS), [0, 1])
    assert found is not None
    assert found.words == ("bear",), "the head of their names, not the genus"


def test_several_words_where_they_are_of_other_classes() -> None:
    names = ("red wolf", "white wolf", "timber wolf", "sea snake", "vine snake", "grass snake")
    found = suggest(make_vocabulary(*names, *(f"{name} {name}el" for name in OTHERS * 3)), [0, 1, 2, 3, 4, 5])
    assert found is not None
    assert found == (("snake", "wolf"), 6, 6)


def test_words_that_find_no_room_in_a_label_are_left_out() -> None:
    long = "things that are neither here nor there but somewhere else"
    words = make_vocabulary(("red wolf", long), ("white wolf", long), *OTHERS)
    for longest, expected in ((80, long), (20, None)):
        found = suggest(words, [0, 1], longest)
        assert (found and found.words) == (expected and (expected,))


def test_suggestions_are_those_of_the_definition() -> None:
    random = np.random.default_rng(3)
    n_found = 0
    for _ in range(300):
        n_classes = int(random.integers(6, 80))
        pool = [f"w{chr(97 + i)}" for i in range(12)]
        rates = random.uniform(0.03, 0.6, len(pool))
        names = [
            [w for w, r in zip(pool, rates, strict=True) if random.random() < r] or ["none"] for _ in range(n_classes)
        ]
        words = make_vocabulary(*(", ".join(each) for each in names))  # every word heads a name
        leader = pool[int(random.integers(len(pool)))]
        inclined = [40.0 if leader in each else 1.0 for each in names]
        chances = np.array(inclined) / sum(inclined)
        top = random.choice(n_classes, min(n_classes, int(random.integers(1, 10))), replace=False, p=chances).tolist()
        found, expected = suggest(words, top), find_suggestion({c: set(each) for c, each in enumerate(names)}, top)
        assert (None if found is None else (list(found.words), found.n_sharing)) == expected
        assert found is None or found.n_top == len(top)
        n_found += found is not None
    assert 30 < n_found < 270


def test_a_channel_states_its_suggestion(store: RunStore) -> None:
    payloads = [
        (channel, build_payload(store, f"channel/{channel.layer}/{channel.channel}"))
        for channel in (Channel("conv5", number) for number in range(store.layers["conv5"].n_channels))
    ]
    told = {channel: payload["suggestion"] for channel, payload in payloads if payload and payload["suggestion"]}
    assert told
    for channel, suggestion in told.items():
        top = choose_top({use.class_id: use.fraction for use in store.read_uses(channel)})
        labels = suggestion["words"]
        assert suggestion["label"] == ", ".join(labels)
        sharing = [c for c in top if set(labels) & store.vocabulary.words[c]]
        assert (len(sharing), len(top)) == (suggestion["n_sharing"], suggestion["n_top"])
