/* Places of channels are those that Python computes. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {loadModel, plain, readCases} from './scripts.mjs';

const model = await loadModel();
const {layers, channels, edges, points} = readCases();

test('a wide layer is broken into the same lines', () => {
  const found = model.layOut(layers, channels, edges);
  assert.deepEqual(Object.fromEntries([...found].map(([id, {x, y}]) => [id, [x, y]])), points);
});

test('the order in which channels are given does not matter', () => {
  const [one, other] = [channels, [...channels].reverse()].map((given) => plain(model.layOut(layers, given, edges)));
  assert.deepEqual(Object.fromEntries(one), Object.fromEntries(other));
});
