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

/** Moves an element that is fixed to the window beside a box of the window. */
export const moveBeside = (element, at, sides, gap = 6) => {
  const room = {width: window.innerWidth, height: window.innerHeight};
  const {left, top} = placeBeside(at, element.getBoundingClientRect(), room, sides, gap);
  element.style.left = `${left}px`;
  element.style.top = `${top}px`;
};
