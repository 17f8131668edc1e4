// @ts-check
/* Search among the names of classes that forgives typing errors. Pure: no element, no request.

   What is literally there comes first; only where no class holds every word are errors forgiven, so that "wolf" never
   brings "golf ball". */

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
const LONGEST = 96; /* letters that are held against each other; what follows is left out */
let rows = [0, 1, 2].map(() => new Uint8Array(LONGEST + 1));
/** The next row of the table of edits: for the letter typed at i - 1, every beginning of the word. Returns its least. */
const fillRow = (typed, word, i, width) => {
  const [older, old, row] = rows;
  const letter = typed.charCodeAt(i - 1);
  const before = i > 1 ? typed.charCodeAt(i - 2) : -1;
  let least = (row[0] = i);
  for (let j = 1; j <= width; j += 1) {
    const here = word.charCodeAt(j - 1);
    let value = old[j - 1] + (here === letter ? 0 : 1);
    if (old[j] + 1 < value) value = old[j] + 1;
    if (row[j - 1] + 1 < value) value = row[j - 1] + 1;
    if (j > 1 && here === before && word.charCodeAt(j - 2) === letter && older[j - 2] + 1 < value) value = older[j - 2] + 1;
    row[j] = value;
    if (value < least) least = value;
  }
  rows = [old, row, older];
  return least;
};
const FAR = {whole: Infinity, start: Infinity};
/** Edits (insert, delete, replace, swap neighbours) between what was typed and a word, and its nearest beginning;
    infinite where they are more than `limit`. */
const edits = (given, whole, limit = LONGEST) => {
  const [typed, word] = [given.slice(0, LONGEST), whole.slice(0, LONGEST)];
  const width = Math.min(word.length, typed.length + limit);
  if (word.length < typed.length - limit) return FAR;
  for (let j = 0; j <= width; j += 1) rows[1][j] = j;
  for (let i = 1; i <= typed.length; i += 1) if (fillRow(typed, word, i, width) > limit) return FAR;
  const last = rows[1].subarray(0, width + 1);
  const value = width === word.length ? last[width] : Infinity;
  return {whole: value <= limit ? value : Infinity, start: last.reduce((least, each) => Math.min(least, each))};
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
    if (!each.includes(null))
      scores.set(
        entry.id,
        each.reduce((sum, value) => sum + value, 0),
      );
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
  const known = new Map();
  let best = {id: null, far: Infinity};
  /* Nothing is counted beyond what would be better than the best so far. */
  const far = (word) => {
    const length = Math.max(typed.length, word.length);
    if (!known.has(word)) known.set(word, edits(typed, word, Math.min(LONGEST, Math.floor(best.far * length))).whole / length);
    return known.get(word);
  };
  index.entries.forEach((entry) =>
    [entry.name, ...entry.nameWords].forEach((word) => far(word) < best.far && (best = {id: entry.id, far: far(word)})),
  );
  return best.id;
};

/** Where in a name the matched letters are: [start, end) pairs in order, apart from each other. */
const markLetters = (name, {words, near}) => {
  const folded = fold(name);
  const spans = [];
  const add = (word) => {
    for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + word.length)) spans.push([at, at + word.length]);
  };
  words.forEach(add);
  wordsOf(folded)
    .filter((word) => near.has(word))
    .forEach(add);
  spans.sort((a, b) => a[0] - b[0]);
  return spans.reduce((merged, [start, end]) => {
    const last = merged[merged.length - 1];
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
    return merged;
  }, []);
};

export const fuzzy = {fold, buildIndex, edits, search, nearest, markLetters};
