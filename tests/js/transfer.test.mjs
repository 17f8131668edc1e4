/* Two cuts side by side: which they are, and on which images and classes they differ. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {loadModel, plain} from './scripts.mjs';

const {nameCut, chooseCuts, findDifferences, countByClass, chooseClasses, buildCells} = await loadModel();
const CUTS = [
  {model: 'a', cut: 'low', accuracy: 0.5, is_advised: false},
  {model: 'a', cut: 'high', accuracy: 0.8, is_advised: true},
  {model: 'b', cut: 'low', accuracy: 0.82, is_advised: false},
];
const none = {cut: null, vs_cut: null};

test('the advised cut is compared with the best other one, unless the address names them', () => {
  assert.equal(nameCut(CUTS[1]), 'a@high');
  assert.deepEqual(plain(chooseCuts(none, CUTS)), [1, 2]);
  assert.deepEqual(plain(chooseCuts({cut: 'b@low', vs_cut: null}, CUTS)), [2, 1]);
  assert.deepEqual(plain(chooseCuts({cut: 'a@low', vs_cut: 'a@high'}, CUTS)), [0, 1]);
  assert.deepEqual(plain(chooseCuts({cut: 'a@none', vs_cut: 'x'}, CUTS)), [-1, -1]);
  assert.deepEqual(plain(chooseCuts(none, CUTS.slice(1, 2))), [0, -1]);
});

const images = {image_id: [3, 4, 5, 6, 7], class_id: [0, 0, 1, 1, 1]};
const a = {predicted: [0, 1, 0, 1, 0], probability: [0.9, 0.8, 0.4, 0.7, 0.6]};
const b = {predicted: [1, 0, 1, 1, 2], probability: [0.9, 0.5, 0.4, 0.7, 0.6]};

test('images on which they disagree are sorted by who is right, the surest first', () => {
  assert.deepEqual(plain(findDifferences(images, a, b)), {gained: [1, 2], lost: [0], apart: [4]});
});

test('cells are points of the images of their row, and add up to nothing in each row', () => {
  const classes = [0, 1, 2].map((id) => ({id, name: `c${id}`}));
  const rows = countByClass(images, classes, a, b);
  const cells = buildCells(rows);
  assert.deepEqual(plain(cells[1].map(({first, second}) => [first, second])), [
    [2, 0],
    [1, 2],
    [0, 1],
  ]);
  assert.equal(Math.round(cells[1][0].points), -67);
  assert.ok(cells.every((row) => Math.abs(row.reduce((sum, {points}) => sum + points, 0)) < 1e-9));
  assert.deepEqual(plain(chooseClasses(rows, 2).map(({id}) => id)), [0, 1]);
  assert.equal(chooseClasses(rows, 3).length, 3);
});
