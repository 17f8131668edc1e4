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
    `others`; of several such places the one nearest to `at`. Names stand `above` pixels over each. `covered` is 0 where it covers
    nothing. */
export const placeClear = (at, own, room, others, {gap = 10, margin = 4, above = 14} = {}) => {
  const named = [at, ...others].map((each) => ({...each, top: each.top - above}));
  const centre = {x: middle(at.left, at.right, own.width), y: middle(at.top, at.bottom, own.height)};
  const lefts = [centre.x, room.width, 0, ...named.flatMap(({left, right}) => [right + gap, left - gap - own.width])];
  const tops = [
    at.top,
    centre.y,
    room.height,
    0,
    ...named.flatMap(({top, bottom}) => [bottom + gap, top - 4 - own.height, bottom - own.height]),
  ];
  const cover = ({left, top}) => {
    const box = {left, top, right: left + own.width, bottom: top + own.height};
    return named.reduce((sum, each, place) => sum + (place ? 1 : FIRM) * overlap(box, each), 0);
  };
  const nearest = [...new Set(lefts.map((left) => keep(left, own.width, room.width, margin)))]
    .flatMap((left) => tops.map((top) => ({left, top: keep(top, own.height, room.height, margin)})))
    .map((spot) => ({...spot, away: Math.hypot(spot.left - centre.x, spot.top - centre.y)}))
    .sort((a, b) => a.away - b.away);
  const least = () => nearest.map((spot) => ({...spot, covered: cover(spot)})).reduce((a, b) => (b.covered < a.covered ? b : a));
  const free = nearest.find((spot) => !cover(spot));
  const {left, top, covered} = free ? {...free, covered: 0} : least();
  return {left, top, covered};
};

const GRID = 12; /* pixels between the places that are tried */
/** Returns the place of a box of the size `own` inside an area that covers none of the `boxes`, the nearest to the lower right
    corner; null where there is none. */
export const placeFree = (own, {left, top, right, bottom}, boxes) => {
  const spots = [];
  for (let x = right - own.width; x >= left; x -= GRID)
    for (let y = bottom - own.height; y >= top; y -= GRID) spots.push({left: x, top: y, away: Math.hypot(right - x, bottom - y)});
  spots.sort((a, b) => a.away - b.away);
  const isFree = (spot) => {
    const box = {...spot, right: spot.left + own.width, bottom: spot.top + own.height};
    return !boxes.some((each) => overlap(box, each));
  };
  return spots.find(isFree) || null;
};

/** The part of a way, from 0 to 1 and beyond, on which a coordinate is between two values; empty where it never is. */
const partWithin = (start, by, low, high) =>
  by ? [(low - start) / by, (high - start) / by].sort((a, b) => a - b) : start >= low && start <= high ? [-Infinity, Infinity] : [1, 0];
/** Whether a movement {from, to} ends in a box, or would if it went straight on. */
export const leadsInto = ({from, to}, {left, right, top, bottom}) => {
  const [across, down] = [partWithin(to.x, to.x - from.x, left, right), partWithin(to.y, to.y - from.y, top, bottom)];
  return Math.max(0, across[0], down[0]) <= Math.min(across[1], down[1]);
};

/** Moves an element that is fixed to the window beside a box of the window. */
export const moveBeside = (element, at, sides, gap = 6) => {
  const room = {width: window.innerWidth, height: window.innerHeight};
  const {left, top} = placeBeside(at, element.getBoundingClientRect(), room, sides, gap);
  element.style.left = `${left}px`;
  element.style.top = `${top}px`;
};
