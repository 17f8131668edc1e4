/* The widgets' pure parts: where a box is placed, and which rows of a list are in view. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {placeBeside} from '../../assets/src/widgets/place.js';
import {rowsInView} from '../../assets/src/widgets/virtual_list.js';

const ROOM = {width: 400, height: 300};
const OWN = {width: 100, height: 40};
const at = (left, top) => ({left, top, right: left + 20, bottom: top + 20});

test('a box is in the middle of the first side that has room', () => {
  assert.deepEqual(placeBeside(at(200, 100), OWN, ROOM, ['below', 'above']), {left: 160, top: 126});
  assert.deepEqual(placeBeside(at(200, 100), OWN, ROOM, ['left', 'right'], 8), {left: 92, top: 90});
});

test('where a side has no room, the next one is taken', () => {
  assert.deepEqual(placeBeside(at(200, 260), OWN, ROOM, ['below', 'above']), {left: 160, top: 214});
  assert.deepEqual(placeBeside(at(40, 100), OWN, ROOM, ['left', 'right']), {left: 66, top: 90});
});

test('a box stays inside the room, with a margin, wherever its owner is', () => {
  for (let left = -50; left <= 450; left += 25)
    for (let top = -50; top <= 350; top += 25)
      for (const sides of [['below', 'above'], ['left'], ['right', 'left', 'below']]) {
        const found = placeBeside(at(left, top), OWN, ROOM, sides);
        assert.ok(found.left >= 6 && found.left + OWN.width <= ROOM.width - 6, `${left} ${top} ${sides}`);
        assert.ok(found.top >= 6 && found.top + OWN.height <= ROOM.height - 6, `${left} ${top} ${sides}`);
      }
});

test('a box that is larger than the room begins at its edge', () => {
  assert.deepEqual(placeBeside(at(10, 10), {width: 900, height: 900}, ROOM, ['below']), {left: 6, top: 6});
});

test('the rows in view are those that the room shows, also in part', () => {
  assert.deepEqual(rowsInView(0, 250, 100, 10), [0, 3]);
  assert.deepEqual(rowsInView(450, 250, 100, 10), [4, 7]);
  assert.deepEqual(rowsInView(900, 250, 100, 10), [9, 10]);
});

test('no row is in view where the list is above or below the room, or empty', () => {
  assert.deepEqual(rowsInView(-500, 250, 100, 10), [0, 0]);
  assert.deepEqual(rowsInView(5000, 250, 100, 10), [10, 10]);
  assert.deepEqual(rowsInView(0, 250, 100, 0), [0, 0]);
});
