/* Search among the names of classes that forgives typing errors. Pure: no element, no request.

   What is literally there comes first; only where no class holds every word are errors forgiven, so that "wolf" never
   brings "golf ball". */
(function () {
  const model = (window.summitDash.model = window.summitDash.model || {});

  /** Small letters without accents, one for each letter, so that places in the text stay the same. */
  const fold = (text) => text.replace(/[^ -@[-`{-~]/g, (letter) => letter.normalize('NFD')[0].toLowerCase()[0]);
  const wordsOf = (folded) => folded.match(/[\p{L}\p{N}#]+/gu) || [];

  /** What is searched in: names, synset, `#id` and group of each class, and the distinct words of all. */
  const buildIndex = (classes, groupNames) => {
    const entries = classes.map(({id, name, full, synset, group}) => {
      const text = fold([full, synset, `#${id}`, group === null ? '' : groupNames[group]].join(' '));
      return {id, name: fold(name), nameWords: wordsOf(fold(name)), words: wordsOf(text), text: ` ${text}`, keys: [`#${id}`, fold(synset)]};
    });
    return {entries, vocabulary: [...new Set(entries.flatMap((entry) => entry.words))]};
  };

  // --- edits --------------------------------------------------------------------------------------------------------
  /** Edits forgiven in a word: none in short ones and in numbers. */
  const forgiven = (word) => (word.length < 3 || /[\d#]/.test(word) ? 0 : word.length < 6 ? 1 : 2);
  /** Edits (insert, delete, replace, swap neighbours) between what was typed and a word, and its nearest beginning. */
  const edits = (typed, word, limit = Infinity) => {
    const far = {whole: Infinity, start: Infinity};
    const width = Math.min(word.length, typed.length + limit);
    if (word.length < typed.length - limit) return far;
    let [older, old] = [[], Array.from({length: width + 1}, (_, j) => j)];
    for (let i = 1; i <= typed.length; i += 1) {
      const row = [i];
      for (let j = 1; j <= width; j += 1) {
        const same = typed[i - 1] === word[j - 1];
        row[j] = Math.min(old[j] + 1, row[j - 1] + 1, old[j - 1] + (same ? 0 : 1));
        if (i > 1 && j > 1 && typed[i - 1] === word[j - 2] && typed[i - 2] === word[j - 1]) row[j] = Math.min(row[j], older[j - 2] + 1);
      }
      if (Math.min(...row) > limit) return far;
      [older, old] = [old, row];
    }
    return {whole: width === word.length ? old[width] : Infinity, start: Math.min(...old)};
  };

  // --- search -------------------------------------------------------------------------------------------------------
  /** How well a word is literally there: 0 is a whole word of the name; null is nowhere. */
  const literal = (entry, word) => {
    if (entry.nameWords.includes(word) || entry.keys.includes(word)) return 0;
    if (entry.name.startsWith(word)) return 1;
    if (entry.nameWords.some((each) => each.startsWith(word))) return 2;
    if (entry.name.includes(word)) return 3;
    if (entry.text.includes(` ${word}`)) return 4;
    return entry.text.includes(word) ? 5 : null;
  };
  /** Every word of the vocabulary that is near what was typed, with its edits. */
  const nearWords = (vocabulary, typed) => {
    const limit = forgiven(typed);
    const near = new Map();
    vocabulary.forEach((word) => {
      const {whole, start} = edits(typed, word, limit);
      if (word.includes(typed)) near.set(word, 0);
      else if (whole <= limit) near.set(word, whole);
      /* The beginning of a word that is still being typed; its first letter must be right. */
      else if (start <= limit && typed.length > 3 && word[0] === typed[0]) near.set(word, start + 0.5);
    });
    return near;
  };
  const least = (values) => values.reduce((best, value) => (value !== undefined && (best === null || value < best) ? value : best), null);
  const scoreAll = (entries, words, score) => {
    const scores = new Map();
    entries.forEach((entry) => {
      const each = words.map((word, place) => score(entry, word, place));
      if (!each.includes(null)) scores.set(entry.id, each.reduce((sum, value) => sum + value, 0));
    });
    return scores;
  };
  /** The classes that match every word, with a score that is less for the better; null where nothing was typed.

      `near` holds the words of names that were taken for the typed ones; it is empty where nothing had to be forgiven. */
  const search = (index, text) => {
    const words = fold(text).split(/\s+/).filter(Boolean);
    if (!words.length) return null;
    const found = scoreAll(index.entries, words, literal);
    if (found.size) return {words, scores: found, near: new Set()};
    const typed = words.flatMap(wordsOf);
    if (!typed.length) return {words, scores: found, near: new Set()};
    const near = typed.map((word) => nearWords(index.vocabulary, word));
    const scores = scoreAll(index.entries, typed, (entry, _, place) => least(entry.words.map((word) => near[place].get(word))));
    return {words, scores, near: new Set(near.flatMap((each) => [...each.keys()]))};
  };
  /** The class whose name, or a word of it, takes the fewest edits for its length; null where there is no class. */
  const nearest = (index, text) => {
    const typed = fold(text.trim());
    const far = (word) => edits(typed, word).whole / Math.max(typed.length, word.length);
    const known = new Map(index.vocabulary.map((word) => [word, far(word)]));
    const keyed = index.entries.map((entry) => ({id: entry.id, far: Math.min(far(entry.name), ...entry.nameWords.map((word) => known.get(word)))}));
    return keyed.length ? keyed.reduce((best, each) => (each.far < best.far ? each : best)).id : null;
  };

  /** Where in a name the matched letters are: [start, end) pairs in order, apart from each other. */
  const markLetters = (name, {words, near}) => {
    const folded = fold(name);
    const spans = [];
    const add = (word) => {
      for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + word.length)) spans.push([at, at + word.length]);
    };
    words.forEach(add);
    wordsOf(folded).filter((word) => near.has(word)).forEach(add);
    spans.sort((a, b) => a[0] - b[0]);
    return spans.reduce((merged, [start, end]) => {
      const last = merged[merged.length - 1];
      if (last && start <= last[1]) last[1] = Math.max(last[1], end);
      else merged.push([start, end]);
      return merged;
    }, []);
  };

  model.fuzzy = {fold, buildIndex, edits, search, nearest, markLetters};
})();
