// @ts-check
/* The geometry of the embedding: points, the view onto them, what is near or enclosed, where labels fit. Pure. */

// --- points -------------------------------------------------------------------------------------------------------
const span = (values) => {
  const known = values.filter((value) => value !== null);
  const [low, high] = [known.reduce((a, b) => Math.min(a, b), Infinity), known.reduce((a, b) => Math.max(a, b), -Infinity)];
  return known.length ? {middle: (low + high) / 2, size: high - low} : {middle: 0, size: 0};
};
/** Points in pixels of a box, as large as they fit with equal scales of x and y; NaN where a class has none. */
const fit = (x, y, {width, height, left, right, top, bottom}) => {
  const [across, up] = [span(x), span(y)];
  const [inner, tall] = [width - left - right, height - top - bottom];
  const ratios = [inner / across.size, tall / up.size].filter(Number.isFinite);
  const scale = ratios.length ? Math.max(0, Math.min(...ratios)) : 1;
  const place = (values, middle, sign, centre) =>
    Float64Array.from(values, (value) => (value === null ? NaN : centre + sign * scale * (value - middle)));
  return {x: place(x, across.middle, 1, left + inner / 2), y: place(y, up.middle, -1, top + tall / 2)};
};
const ease = (t) => (t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2);
/** Between two sets of points; a class that has no point in one of them appears at, or leaves from, its other one. */
const between = (from, to, t) => {
  const mix = (a, b) => Float64Array.from(b, (value, i) => (Number.isNaN(a[i]) || Number.isNaN(value) ? value : a[i] + (value - a[i]) * t));
  return {x: mix(from.x, to.x), y: mix(from.y, to.y)};
};

// --- view: what is seen at p stands at p * k + (x, y) ---------------------------------------------------------------
const WHOLE = {k: 1, x: 0, y: 0};
const NEAREST = 40;
/** Zooms so that what is at (x, y) stays there. */
const zoom = (view, factor, x, y) => {
  const k = Math.min(NEAREST, Math.max(1, view.k * factor));
  const ratio = k / view.k;
  return {k, x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio};
};
/** The view moved so that the middle of the window never leaves what there is to see. */
const keep = (view, width, height) => {
  const clamp = (value, size) => Math.min(size / 2, Math.max(size / 2 - size * view.k, value));
  return view.k === 1 ? WHOLE : {k: view.k, x: clamp(view.x, width), y: clamp(view.y, height)};
};
/** A step of the way to another view. Linear in all three, so that what stays in both stays all the way. */
const approach = (view, goal, t) => {
  const step = (name) => view[name] + (goal[name] - view[name]) * t;
  const near = Math.abs(goal.x - view.x) < 0.2 && Math.abs(goal.y - view.y) < 0.2 && Math.abs(goal.k / view.k - 1) < 1e-3;
  return near ? goal : {k: step('k'), x: step('x'), y: step('y')};
};

// --- what is where ------------------------------------------------------------------------------------------------
/** Place of the nearest point within a distance, or -1. A thousand differences take microseconds: no tree is needed. */
const nearest = (points, view, x, y, within) => {
  let [best, least] = [-1, within ** 2];
  for (let i = 0; i < points.x.length; i += 1) {
    const far = (points.x[i] * view.k + view.x - x) ** 2 + (points.y[i] * view.k + view.y - y) ** 2;
    if (far <= least) [best, least] = [i, far];
  }
  return best;
};
/** Whether a point lies inside a closed path, by the crossings of a ray. */
const encloses = (path, x, y) => {
  let inside = false;
  for (let i = 0, j = path.length - 1; i < path.length; j = i, i += 1) {
    const [[ax, ay], [bx, by]] = [path[i], path[j]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
};
/** Places of the points that a path on the screen encloses. */
const enclosed = (points, view, path) =>
  [...points.x.keys()].filter((i) => encloses(path, points.x[i] * view.k + view.x, points.y[i] * view.k + view.y));

// --- labels -------------------------------------------------------------------------------------------------------
const CELL = 48;
const overlap = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
/** Rectangles by the cells of a grid that they touch, so that each is held against its neighbours alone. */
const buildGrid = () => {
  const cells = new Map();
  const each = (box, then) => {
    for (let i = Math.floor(box.x / CELL); i <= Math.floor((box.x + box.width) / CELL); i += 1)
      for (let j = Math.floor(box.y / CELL); j <= Math.floor((box.y + box.height) / CELL); j += 1) then(`${i} ${j}`);
  };
  const isFree = (box) => {
    let free = true;
    each(box, (cell) => (free = free && !(cells.get(cell) || []).some((other) => overlap(box, other))));
    return free;
  };
  return {isFree, add: (box) => each(box, (cell) => cells.set(cell, [...(cells.get(cell) || []), box]))};
};
const sides = ({x, y, width, height, gap}) =>
  [
    {x: x + gap, y: y - height / 2},
    {x: x - gap - width, y: y - height / 2},
    {x: x - width / 2, y: y - gap - height},
    {x: x - width / 2, y: y + gap},
  ].map((corner) => ({...corner, width, height}));
/** Gives labels a place beside their points, the first in the list first, none over another or over what is `taken`,
    at most `limit`.

    A label is `{x, y, width, height, gap, must}`; those that `must` be there are put somewhere whatever it takes. */
const placeLabels = (labels, {width, height, limit, taken}) => {
  const grid = buildGrid();
  taken.forEach(grid.add);
  const placed = [];
  const fits = (box) => box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height;
  labels.forEach((label) => {
    if (!label.must && placed.length >= limit) return;
    const inside = sides(label).filter(fits);
    const box = inside.find(grid.isFree) || (label.must ? inside[0] || sides(label)[0] : null);
    if (!box) return;
    grid.add(box);
    placed.push({...label, box});
  });
  return placed;
};

export const scatter = {fit, ease, between, WHOLE, zoom, keep, approach, nearest, encloses, enclosed, placeLabels};
