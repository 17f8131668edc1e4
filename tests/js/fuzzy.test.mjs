/* The search among names: what it finds, in what order, and its edits against a slow reference. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {loadModel, plain, seededRandom} from './scripts.mjs';

const {fuzzy} = await loadModel();
const NAMES = [
  'goldfish, Carassius auratus',
  'timber wolf, grey wolf, Canis lupus',
  'white wolf, Arctic wolf',
  'golf ball',
  'wolf spider, hunting spider',
  'black-footed ferret',
  'café, coffeehouse',
];

/** Inserts, deletes, replacements and swaps of neighbours, by the definition. */
const countEdits = (typed, word) => {
  const known = new Map();
  const count = (i, j) => {
    const key = `${i} ${j}`;
    if (!known.has(key)) known.set(key, i && j ? least(i, j) : i + j);
    return known.get(key);
  };
  const least = (i, j) => {
    const same = typed[i - 1] === word[j - 1];
    const ways = [count(i - 1, j) + 1, count(i, j - 1) + 1, count(i - 1, j - 1) + (same ? 0 : 1)];
    const swapped = i > 1 && j > 1 && typed[i - 1] === word[j - 2] && typed[i - 2] === word[j - 1];
    return Math.min(...ways, ...(swapped ? [count(i - 2, j - 2) + 1] : []));
  };
  return count(typed.length, word.length);
};

const drawPairs = (seed, n, letters, longest) => {
  const random = seededRandom(seed);
  const draw = (limit) => Math.floor(random() * limit);
  const word = () => Array.from({length: 1 + draw(longest)}, () => letters[draw(letters.length)]).join('');
  return Array.from({length: n}, () => [word(), word()]);
};

test('edits are those of the reference', () => {
  for (const [typed, word] of drawPairs(3, 300, 'abcd', 8)) {
    const {whole, start} = fuzzy.edits(typed, word);
    const beginnings = Array.from({length: word.length + 1}, (_, n) => countEdits(typed, word.slice(0, n)));
    assert.equal(whole, countEdits(typed, word), `${typed} ${word}`);
    assert.equal(start, Math.min(...beginnings), `${typed} ${word}`);
  }
});

for (const limit of [0, 1, 2])
  test(`edits beyond a limit of ${limit} are infinite`, () => {
    for (const [typed, word] of drawPairs(4, 200, 'ab', 6)) {
      const expected = countEdits(typed, word);
      assert.equal(fuzzy.edits(typed, word, limit).whole, expected <= limit ? expected : Infinity, `${typed} ${word}`);
    }
  });

/** Ids of what is found, the best first; null where nothing was typed. */
const search = (text) => {
  const classes = NAMES.map((full, id) => ({id, name: full.split(',')[0], full, synset: `n${100 + id}`, group: id % 2}));
  const found = fuzzy.search(fuzzy.buildIndex(classes, ['things', 'Animals']), text);
  return found && [...found.scores].sort((a, b) => a[1] - b[1] || a[0] - b[0]).map(([id]) => id);
};

const SEARCHES = [
  ['wolf', [1, 2, 4]], // as typed: "golf" is one edit away, and not what was asked for
  ['Timber WOLF', [1]],
  ['wolf arctic', [2]],
  ['gold', [0]],
  ['footed', [5]],
  ['cafe', [6]],
  ['#3', [3]],
  ['n105', [5]],
  ['animals', [1, 3, 5]],
  ['animals spider', []],
  ['tmber', [1]], // a letter too few
  ['timbre wolfe', [1]],
  ['goldfsih', [0]], // two letters swapped
  ['artcic', [2]],
  ['spid', [4]],
  ['spixer hunring', [4]],
  ['xyz', []],
  ['#77', []], // numbers are never forgiven
];
for (const [text, found] of SEARCHES)
  test(`“${text}” finds [${found}]`, () => {
    assert.deepEqual(search(text), found);
  });

test('nothing typed searches for nothing', () => {
  assert.equal(search('  '), null);
});

test('matched letters are marked, apart from each other', () => {
  const mark = (name, words, near = []) => plain(fuzzy.markLetters(name, {words, near: new Set(near)}));
  assert.deepEqual(mark('Café au lait', ['cafe', 'la']), [
    [0, 4],
    [8, 10],
  ]);
  assert.deepEqual(mark('wolf wolfhound', ['wolf', 'olfh']), [
    [0, 4],
    [5, 10],
  ]);
  assert.deepEqual(mark('timber wolf', ['tmber'], ['timber']), [[0, 6]]);
});
