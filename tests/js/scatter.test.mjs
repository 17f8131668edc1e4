/* The geometry of the embedding: the view and its limits, and the positions of labels. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {loadModel, plain} from './scripts.mjs';

const {scatter} = await loadModel();
const label = (x, y, must = false) => ({x, y, width: 30, height: 10, gap: 6, must});
const place = (labels, more = {}) =>
  plain(scatter.placeLabels(labels, {width: 100, height: 100, limit: 9, taken: [], ...more}).map(({box}) => [box.x, box.y]));

test('the ranges of the axes show a view, and are read back as it', () => {
  const view = {k: 2, x: -40, y: -30};
  const {x, y} = scatter.toRanges(view, 360, 300);
  assert.deepEqual(plain([x, y]), [[20, 200], [165, 15]]); // prettier-ignore
  assert.deepEqual(plain(scatter.fromRanges(x, y, 360)), view);
});

test('a view farther than the whole is the whole, and no view leaves the points', () => {
  assert.deepEqual(plain(scatter.keep({k: 0.5, x: 80, y: 90}, 360, 300)), {k: 1, x: 0, y: 0});
  assert.deepEqual(plain(scatter.keep({k: 2, x: 900, y: -900}, 360, 300)), {k: 2, x: 180, y: -450});
});

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
