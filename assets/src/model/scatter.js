/* The geometry of the embedding: points, the view onto them, the positions of labels. Pure. */

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
  const place = (values, middle, sign, centre) => values.map((value) => (value === null ? NaN : centre + sign * scale * (value - middle)));
  return {x: place(x, across.middle, 1, left + inner / 2), y: place(y, up.middle, -1, top + tall / 2)};
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
/** The view within its limits, moved so that the middle of the window never leaves what there is to see. */
const keep = (view, width, height) => {
  const {k, x, y} = view.k > NEAREST ? zoom(view, NEAREST / view.k, width / 2, height / 2) : view;
  const clamp = (value, size) => Math.min(size / 2, Math.max(size / 2 - size * k, value));
  return k <= 1.001 ? WHOLE : {k, x: clamp(x, width), y: clamp(y, height)};
};
/** The ranges of the axes that show a view; y grows downwards. */
const toRanges = ({k, x, y}, width, height) => ({x: [-x / k, (width - x) / k], y: [(height - y) / k, -y / k]});
const fromRanges = (x, y, width) => {
  const k = width / (x[1] - x[0]);
  return {k, x: -x[0] * k, y: -y[1] * k};
};

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
    {x: x + gap, y: y - height / 2, side: 'middle right'},
    {x: x - gap - width, y: y - height / 2, side: 'middle left'},
    {x: x - width / 2, y: y - gap - height, side: 'top center'},
    {x: x - width / 2, y: y + gap, side: 'bottom center'},
  ].map((corner) => ({...corner, width, height}));
/** Gives labels a place beside their points, the first in the list first, none over another or over what is `taken`,
    at most `limit`.

    A label is `{x, y, width, height, gap, must}`; those that `must` be there are put somewhere whatever it takes, but over
    what is taken firmly, `must` too, or over each other only where nothing else is left. */
const placeLabels = (labels, {width, height, limit, taken}) => {
  const [grid, firm] = [buildGrid(), buildGrid()];
  taken.forEach(grid.add);
  taken.filter((box) => box.must).forEach(firm.add);
  const placed = [];
  const fits = (box) => box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height;
  labels.forEach((label) => {
    if (!label.must && placed.length >= limit) return;
    const inside = sides(label).filter(fits);
    const box = inside.find(grid.isFree) || (label.must ? inside.find(firm.isFree) || inside[0] || sides(label)[0] : null);
    if (!box) return;
    grid.add(box);
    if (label.must) firm.add(box);
    placed.push({...label, box});
  });
  return placed;
};

export const scatter = {fit, WHOLE, zoom, keep, toRanges, fromRanges, placeLabels};
