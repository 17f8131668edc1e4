/* Orders and places of channels are those that Python computes. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {loadModel, readCases} from './scripts.mjs';

const model = await loadModel();
const {layers, edges, rows, merged, relaxed, points} = readCases();
const toRows = (given) => new Map(Object.entries(given));
const numberOf = (id) => Number(id.split('-')[1]);
const plainRows = (found) => Object.fromEntries(found);

test('two orders are merged as Python merges them', () => {
  assert.deepEqual(plainRows(model.mergeRows(layers, toRows(rows[0]), toRows(rows[1]), numberOf)), merged);
});

test('channels move towards their neighbours as in Python', () => {
  assert.deepEqual(plainRows(model.relaxRows(layers, toRows(merged), edges)), relaxed);
});

test('a wide layer is broken into the same lines', () => {
  const found = model.placeRows(layers, toRows(relaxed));
  assert.deepEqual(Object.fromEntries([...found].map(([id, {x, y}]) => [id, [x, y]])), points);
});

test('an order is read from places, line by line', () => {
  const nodes = Object.entries(points).map(([id, [x, y]]) => ({id, layer: id.split('-')[0], x, y}));
  assert.deepEqual(plainRows(model.readRows(layers, nodes.reverse())), relaxed);
});
