/* The widgets' pure parts: where a box is placed, and which rows of a list are in view. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {leadsInto, placeBeside, placeClear, placeFree} from '../../assets/src/widgets/place.js';
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

const covers = ({left, top}, own, box) => left < box.right && box.left < left + own.width && top < box.bottom && box.top < top + own.height;
test('a card covers none of the boxes that it is about, where there is room elsewhere, and else the fewest', () => {
  const room = {width: 1000, height: 700};
  const own = {width: 396, height: 240};
  const owner = {left: 460, top: 320, right: 540, bottom: 400};
  const near = [100, 400, 500, 600, 900].flatMap((left) => [100, 560].map((top) => ({left, top, right: left + 60, bottom: top + 60})));
  const spot = placeClear(owner, own, room, near);
  assert.ok(![owner, ...near].some((box) => covers(spot, own, box)), JSON.stringify(spot));
  assert.equal(spot.covered, 0);
  const everywhere = Array.from({length: 70}, (_, i) => ({
    left: 100 * (i % 10),
    top: 100 * Math.floor(i / 10),
    right: 100 * (i % 10) + 60,
    bottom: 100 * Math.floor(i / 10) + 60,
  }));
  const least = placeClear(owner, own, room, everywhere);
  assert.ok(!covers(least, own, owner) && least.covered > 0); /* so a smaller card is tried */
});

test('the small map is in the lower right corner, or where it covers nothing, or nowhere', () => {
  const [own, area] = [
    {width: 100, height: 60},
    {left: 50, top: 0, right: 400, bottom: 300},
  ];
  const low = {left: 250, top: 280, right: 260, bottom: 290};
  const place = (boxes) => placeFree(own, area, boxes) && [placeFree(own, area, boxes).left, placeFree(own, area, boxes).top];
  assert.deepEqual(place([]), [300, 240]);
  assert.deepEqual(place([{...low, left: 350, right: 360}]), [300, 216]);
  assert.deepEqual(place([low, {left: 0, top: 0, right: 400, bottom: 220}]), [300, 240]);
  assert.equal(place([{left: 0, top: 50, right: 400, bottom: 250}]), null);
});

test('the pointer is on its way to a box where its movement, straight on, ends in it', () => {
  const box = {left: 100, top: 100, right: 200, bottom: 200};
  const goes = (fromX, fromY, x, y) => leadsInto({from: {x: fromX, y: fromY}, to: {x, y}}, box);
  assert.ok(goes(0, 150, 10, 150) && goes(0, 0, 10, 10) && goes(300, 120, 290, 125) && goes(150, 150, 150, 150));
  assert.ok(!goes(10, 150, 0, 150) && !goes(0, 0, 10, 30) && !goes(150, 0, 250, 10) && !goes(0, 0, 0, 0));
  assert.ok(!goes(150, 150, 210, 150), 'out of it again');
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
