/* The cells of a map of confusions, as the table lists them. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {listCells} from '../../assets/src/model/confusions.js';

test('cells come by images, then by share, then by place', () => {
  const sides = {n_images: [10, 20]};
  const cells = {row: [0, 0, 1, 1], column: [0, 1, 0, 1], n_images: [2, 5, 2, 2], class_id: [4, 4, 7, 7], taken_for: [4, 7, 4, 7]};
  const listed = listCells({sides, cells});
  assert.deepEqual(
    listed.map(({row, column}) => [row, column]),
    [
      [0, 1],
      [0, 0],
      [1, 0],
      [1, 1],
    ],
  );
  assert.deepEqual(listed[0], {row: 0, column: 1, n: 5, whole: 10, a: 4, b: 7});
});
