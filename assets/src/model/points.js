/* The figure of the embedding: the parts that Python built, filled with points; and the names beside them. Pure. */
import {scatter} from './scatter.js';

const FEW = 60; /* classes of which all can be named at once, beside their points and not over others */
const MOST = 90; /* names at once among many classes */
const EDGE = 20; /* pixels outside the window at which a name may begin */

export const isThere = ({points}, i) => i >= 0 && !Number.isNaN(points.x[i]);
export const toScreen = ({points, view}, i) => [points.x[i] * view.k + view.x, points.y[i] * view.k + view.y];
const isSeen = ({width, height}, [x, y]) => x > -EDGE && y > -EDGE && x < width + EDGE && y < height + EDGE;
/** The class whose point is nearest to a position of the window, within some pixels; -1 where there is none. */
export const findNearest = (plot, [x, y], reach) => {
  let [found, least] = [-1, reach];
  plot.points.x.forEach((_, i) => {
    const [a, b] = toScreen(plot, i);
    const distance = Math.hypot(a - x, b - y); /* no number where the class has no point */
    if (distance <= least) [found, least] = [i, distance];
  });
  return found;
};
/** The diameter of a point in half pixels: smaller among many, larger where the view is near. */
export const sizeOf = ({points, view}) => {
  const base = points.x.length < FEW ? 9 : points.x.length < 300 ? 6.8 : 5;
  return Math.round(2 * base * Math.min(1.8, view.k ** 0.35)) / 2;
};
/** Each point's colour and opacity, or those of all: points outside of what is looked at fade. */
export const paintPoints = ({points, bins, palette, only}, missing) => ({
  color: bins ? points.x.map((_, i) => (bins[i] >= 0 ? palette[bins[i]] : missing)) : missing,
  opacity: only ? points.x.map((_, i) => (only.has(i) ? 0.9 : 0.18)) : bins ? 0.9 : 0.7,
});

// --- names --------------------------------------------------------------------------------------------------------
const RING = 20; /* pixels across the ring of A or B */
/** The boxes that no name may cover: the rings of A and B, and among few classes all points. */
const takenBy = (plot, marked) => {
  const boxOf = (i, size) => {
    const [x, y] = toScreen(plot, i);
    return {x: x - size / 2, y: y - size / 2, width: size, height: size};
  };
  const {length: n} = plot.points.x;
  const points = n < FEW ? [...plot.points.x.keys()].filter((i) => isThere(plot, i) && !marked.includes(i)) : [];
  return [...marked.map((i) => ({...boxOf(i, RING), must: true})), ...points.map((i) => boxOf(i, sizeOf(plot)))];
};
/** The names that are shown, each with the side of its point: A and B always, the others where there is room, more of
    them the nearer the view. `measure(i, isMarked)` returns `{text, width}`. */
export const chooseNames = (plot, measure) => {
  const {points, view, a, b, only, order, width, height, bottom} = plot;
  const marked = [a, b].filter((i, place, all) => isThere(plot, i) && all.indexOf(i) === place);
  const limit = points.x.length < FEW ? FEW : Math.min(MOST, Math.round(7 * (view.k ** 1.3 - 1)));
  const rest = limit > 0 ? order.filter((i) => !marked.includes(i) && isThere(plot, i) && (!only || only.has(i))) : [];
  const build = (i, isMarked) => {
    const [x, y] = toScreen(plot, i);
    const gap = isMarked ? 12 : sizeOf(plot) / 2 + 3;
    return isSeen(plot, [x, y]) && {i, x, y, gap, height: isMarked ? 18 : 14, must: isMarked, isMarked, ...measure(i, isMarked)};
  };
  const wanted = [...marked.map((i) => build(i, true)), ...rest.map((i) => build(i, false))].filter(Boolean);
  return scatter.placeLabels(wanted, {width, height: height - bottom + 4, limit, taken: takenBy(plot, marked)});
};

// --- move ---------------------------------------------------------------------------------------------------------
/** How far a move is after a part of its time: Plotly's `cubic-in-out`. */
const ease = (t) => (t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2);
/** Some points on their way; a class that has no point at one end is at its other one. */
export const between = (from, to, part) => {
  const t = ease(Math.min(1, Math.max(0, part)));
  const mix = (a, b) => (Number.isNaN(a) || Number.isNaN(b) ? b : a + (b - a) * t);
  return {x: to.x.map((x, i) => mix(from.x[i], x)), y: to.y.map((y, i) => mix(from.y[i], y))};
};

// --- figure -------------------------------------------------------------------------------------------------------
/** The figure of a plot. Arrays that did not change are the same ones, so that Plotly leaves them alone.

    `plot` holds `points` in pixels of the unzoomed window, along the classes; `view`; `color` and `opacity`. */
export const buildFigure = (plot, {data: [trace], layout}) => {
  const {points, ids, color, opacity, width, height, isLasso} = plot;
  const ranges = scatter.toRanges(plot.view, width, height);
  return {
    data: [{...trace, x: points.x, y: points.y, ids, marker: {...trace.marker, color, opacity, size: sizeOf(plot)}}],
    layout: {
      ...layout,
      width,
      height,
      dragmode: isLasso ? 'lasso' : 'pan',
      xaxis: {...layout.xaxis, range: ranges.x},
      yaxis: {...layout.yaxis, range: ranges.y},
      selections: [],
    },
  };
};
