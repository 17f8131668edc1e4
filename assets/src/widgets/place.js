// @ts-check
/* The place of a small box beside something: a tooltip, a card, an enlarged picture. Pure: numbers in, numbers out. */

/** Each side as what is left of a box and its top, before it is kept inside the room; both in pixels. */
const SIDES = {
  below: (at, own, gap) => ({left: middle(at.left, at.right, own.width), top: at.bottom + gap}),
  above: (at, own, gap) => ({left: middle(at.left, at.right, own.width), top: at.top - gap - own.height}),
  right: (at, own, gap) => ({left: at.right + gap, top: middle(at.top, at.bottom, own.height)}),
  left: (at, own, gap) => ({left: at.left - gap - own.width, top: middle(at.top, at.bottom, own.height)}),
};
const middle = (low, high, size) => (low + high - size) / 2;
const keep = (value, size, room, margin) => Math.max(margin, Math.min(value, room - size - margin));

/** Returns the place of a box of the size `own` beside `at` {left, right, top, bottom}: on the first of the `sides` that has
    room for it, else on the last of them; always inside `room` {width, height}. */
export const placeBeside = (at, own, room, sides, gap = 6, margin = 6) => {
  const fits = ({left, top}, side) =>
    side === 'left' || side === 'right' ? left >= 0 && left + own.width <= room.width : top >= 0 && top + own.height <= room.height;
  const side = sides.find((each) => fits(SIDES[each](at, own, gap), each)) || sides[sides.length - 1];
  const {left, top} = SIDES[side](at, own, gap);
  return {left: keep(left, own.width, room.width, margin), top: keep(top, own.height, room.height, margin)};
};

const overlap = (a, b) =>
  Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) * Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));
const FIRM = 1000; /* how much more it costs to cover what the box is about than to cover other things */
/** Returns the place of a box of the size `own` about `at`, inside `room`, where it covers least of `at` and of the boxes
    `others`; of several such places the one nearest to `at`. The name of `at` stands `above` pixels over it. */
export const placeClear = (at, own, room, others, {gap = 10, margin = 4, above = 14} = {}) => {
  const centre = {x: middle(at.left, at.right, own.width), y: middle(at.top, at.bottom, own.height)};
  const lefts = [at.right + gap, at.left - gap - own.width, centre.x, room.width, 0];
  const tops = [at.top, centre.y, at.bottom - own.height, at.bottom + gap, at.top - gap - own.height - above - 2, 0, room.height];
  const cost = ({left, top}) => {
    const box = {left, top, right: left + own.width, bottom: top + own.height};
    const covered = [...others, at].reduce((sum, each) => sum + overlap(box, each), 0);
    return FIRM * overlap(box, {...at, top: at.top - above}) + covered + Math.hypot(left - centre.x, top - centre.y);
  };
  const spots = lefts.flatMap((left) =>
    tops.map((top) => ({left: keep(left, own.width, room.width, margin), top: keep(top, own.height, room.height, margin)})),
  );
  return spots.reduce((least, spot) => (cost(spot) < cost(least) ? spot : least));
};

/** Moves an element that is fixed to the window beside a box of the window. */
export const moveBeside = (element, at, sides, gap = 6) => {
  const room = {width: window.innerWidth, height: window.innerHeight};
  const {left, top} = placeBeside(at, element.getBoundingClientRect(), room, sides, gap);
  element.style.left = `${left}px`;
  element.style.top = `${top}px`;
};
