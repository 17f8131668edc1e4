/* Numbers and groups as steps of a scale. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {loadModel, plain} from './scripts.mjs';

const {scales} = await loadModel();

test('numbers are binned from the least to the greatest, missing ones are marked', () => {
  assert.deepEqual(plain(scales.binNumbers([0, null, 0.5, 1])), {bins: [0, -1, 8, 15], low: 0, high: 1, n: 3});
  assert.deepEqual(plain(scales.binNumbers([2, 2]).bins), [15, 15]);
  assert.deepEqual(plain(scales.binNumbers([null, undefined])), {bins: [-1, -1], low: null, high: null, n: 0});
});

test('the largest groups have colours, the rest has none', () => {
  const found = scales.binGroups([5, 5, 1, 1, 7, null], 2);
  assert.deepEqual(plain(found.bins), [1, 1, 0, 0, -1, -1]); // equally large groups by number
  assert.equal(found.n_rest, 1);
});
