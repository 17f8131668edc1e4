/* The arrow keys move within a group and stay in it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {nextIndex} from '../../assets/src/widgets/roving.js';

test('arrows go on and come round at the ends', () => {
  assert.deepEqual(
    ['ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp'].map((key) => nextIndex(key, 0, 3)),
    [1, 1, 2, 2],
  );
  assert.equal(nextIndex('ArrowRight', 2, 3), 0);
});

test('Home and End lead to the ends', () => {
  assert.deepEqual([nextIndex('Home', 1, 3), nextIndex('End', 1, 3)], [0, 2]);
});

test('other keys mean nothing to a group', () => {
  assert.deepEqual([nextIndex('Enter', 1, 3), nextIndex('a', 1, 3), nextIndex('Tab', 1, 3)], [null, null, null]);
});
