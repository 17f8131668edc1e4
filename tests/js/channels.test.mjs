/* The channels of a layer: their ranking, what a search or a flag leaves, and the wall of tiles. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {loadModel, plain} from './scripts.mjs';

const {channels: model} = await loadModel();
const LAYER = {
  layer: 'conv2',
  n_channels: 12,
  n_classes: [1, 3, 3, 0, 0, 0, 0, 0, 0, 0, 2, 0],
  n_graphs: [0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0],
  activation_fraction: [0.5, 0.1, 0.2, 0, 0, 0.3, 0, 0, 0, 0, 0.9, 0],
  max_activation: [1, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  is_dead: [3, 4],
  is_outlier: [],
};
const find = (asked, labels = {}) =>
  plain(model.find(LAYER, {order: 'number', flag: 'all', text: '', ...asked}, (channel) => labels[channel] || ''));

test('equal values are ordered by the share of images, then by number', () => {
  assert.deepEqual(find({order: 'use'}), [2, 1, 10, 0, 5, 3, 4, 6, 7, 8, 9, 11]);
  assert.equal(find({order: 'graphs'})[0], 3);
});

test('a search goes by the beginning of a number, an id, or the words of a label', () => {
  assert.deepEqual(find({text: '1'}), [1, 10, 11]);
  assert.deepEqual(find({text: ' Conv2-1 '}), [1]);
  assert.deepEqual(find({text: 'fur wolf'}, {7: 'Wolf fur', 8: 'fur'}), [7]);
});

test('a flag leaves the channels that bear it', () => {
  assert.deepEqual(find({flag: 'dead'}), [3, 4]);
  assert.deepEqual(find({flag: 'outlier'}), []);
});

test('bars are fractions of the greatest; a missing column gives none', () => {
  assert.deepEqual(plain(model.fractions(LAYER, 'activation').slice(0, 4)), [0.25, 0.5, 1, 0]);
  assert.equal(model.fractions({...LAYER, max_activation: null}, 'activation'), null);
});

test('a wall fills its width, and at least one column is there', () => {
  const wall = plain(model.wall(10, 300, 'S'));
  assert.equal(wall.columns, 4); // 72 pixels each and gaps of 4
  assert.equal(wall.picture, 60);
  assert.deepEqual([wall.rows, wall.height], [3, 3 * wall.rowHeight]);
  assert.equal(model.wall(10, 20, 'L').columns, 1);
});
