/* The geometry of the embedding: the positions of labels. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {loadModel, plain} from './scripts.mjs';

const {scatter} = await loadModel();
const label = (x, y, must = false) => ({x, y, width: 30, height: 10, gap: 6, must});
const place = (labels, more = {}) =>
  plain(scatter.placeLabels(labels, {width: 100, height: 100, limit: 9, taken: [], ...more}).map(({box}) => [box.x, box.y]));

test('a label is at the right of its point, at the left where the edge is near', () => {
  assert.deepEqual(place([label(20, 50)]), [[26, 45]]);
  assert.deepEqual(place([label(95, 50)]), [[59, 45]]);
});

test('labels avoid each other and what is taken', () => {
  const crowded = [label(50, 50), label(52, 50), label(51, 51), label(50, 50), label(50, 50)];
  assert.equal(place(crowded).length, 4); // right, left, above, below; there is no fifth side
  assert.deepEqual(place([label(50, 50)], {taken: [{x: 54, y: 45, width: 5, height: 5}]}), [[14, 45]]);
});

test('labels that must be there are placed beyond the limit', () => {
  assert.equal(place([label(50, 50), label(50, 50, true)], {limit: 0}).length, 1);
});
