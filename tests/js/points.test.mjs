/* The points of the embedding: the one at the pointer, and the names beside them, which leave the rings of A and B free. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {chooseNames, findNearest} from '../../assets/src/model/points.js';

const HALF = 10; /* pixels of a ring */
const measure = (i, isMarked) => ({text: `class ${i}`, width: isMarked ? 90 : 60});
const plotOf = (points, more = {}) => ({
  points: {x: points.map(([x]) => x), y: points.map(([, y]) => y)},
  view: {k: 1, x: 0, y: 0},
  width: 340,
  height: 300,
  bottom: 38,
  only: null,
  order: points.map((_, i) => i),
  a: 0,
  b: 1,
  ...more,
});
const coversRing = ({x, y, width, height}, [ringX, ringY]) =>
  x < ringX + HALF && ringX - HALF < x + width && y < ringY + HALF && ringY - HALF < y + height;

test('no name covers the ring of A or of B, wherever the two are to each other', () => {
  for (let x = 100; x <= 240; x += 7)
    for (let y = 60; y <= 220; y += 7) {
      const points = [[170, 140], [x, y], [150, 150], [190, 130]]; // prettier-ignore
      if (Math.hypot(x - 170, y - 140) < 2 * HALF + 2) continue;
      chooseNames(plotOf(points), measure).forEach(({box, i}) => {
        [0, 1].filter((ring) => ring !== i).forEach((ring) => assert.ok(!coversRing(box, points[ring]), `${x} ${y}: name of ${i}`));
      });
    }
});

test('the names of A and B are there without any room, and do not lie over each other', () => {
  const crowd = Array.from({length: 400}, (_, i) => [17 * (i % 20), 15 * Math.floor(i / 20)]);
  const names = chooseNames(plotOf([[170, 140], [178, 160], ...crowd]), measure).filter((each) => each.isMarked);
  assert.deepEqual(names.map(({i}) => i), [0, 1]); // prettier-ignore
  const [a, b] = names.map(({box}) => box);
  assert.ok(!(a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height));
});

test('the point at the pointer is the nearest one within reach, where the view shows it', () => {
  const plot = plotOf([[100, 100], [110, 100], [NaN, NaN], [300, 300]]); // prettier-ignore
  const found = (...at) => findNearest(plot, at, 12);
  assert.deepEqual([found(102, 100), found(107, 100), found(100, 112), found(100, 113), found(0, 0)], [0, 1, 0, -1, -1]);
  plot.view = {k: 2, x: -50, y: 10};
  assert.deepEqual([found(150, 210), found(170, 210), found(100, 100)], [0, 1, -1]);
});
