/* The figure of the embedding: the parts that Python built, filled with points, names and marks. Pure. */
import {scatter} from './scatter.js';

const FEW = 60; /* classes of which all can be named at once, beside their points and not over others */
const MOST = 90; /* names at once among many classes */
const EDGE = 20; /* pixels outside the window at which a name may begin */

export const isThere = ({points}, i) => i >= 0 && !Number.isNaN(points.x[i]);
export const toScreen = ({points, view}, i) => [points.x[i] * view.k + view.x, points.y[i] * view.k + view.y];
const isSeen = ({width, height}, [x, y]) => x > -EDGE && y > -EDGE && x < width + EDGE && y < height + EDGE;
/** The diameter of a point in half pixels: smaller among many, larger where the view is near. */
const sizeOf = ({points, view}) => {
  const base = points.x.length < FEW ? 9 : points.x.length < 300 ? 6.8 : 5;
  return Math.round(2 * base * Math.min(1.8, view.k ** 0.35)) / 2;
};
/** A point's colour and opacity: those outside of what is looked at fade. */
export const paintPoints = ({points, bins, palette, only}, missing) => ({
  color: points.x.map((_, i) => (bins && bins[i] >= 0 ? palette[bins[i]] : missing)),
  opacity: only ? points.x.map((_, i) => (only.has(i) ? 0.9 : 0.18)) : bins ? 0.9 : 0.7,
});

// --- names --------------------------------------------------------------------------------------------------------
const takenBy = (plot) => {
  if (plot.points.x.length >= FEW) return [];
  const size = sizeOf(plot);
  return [...plot.points.x.keys()]
    .filter((i) => isThere(plot, i))
    .map((i) => {
      const [x, y] = toScreen(plot, i);
      return {x: x - size / 2, y: y - size / 2, width: size, height: size};
    });
};
/** The names that are shown, each with the side of its point: A and B always, the others where there is room, more of
    them the nearer the view. `measure(i, isMarked)` returns `{text, width}`. */
export const chooseNames = (plot, measure) => {
  const {points, view, a, b, only, order, width, height, bottom} = plot;
  const marked = [a, b].filter((i, place, all) => isThere(plot, i) && all.indexOf(i) === place);
  const rest = order.filter((i) => !marked.includes(i) && isThere(plot, i) && (!only || only.has(i)));
  const build = (i, isMarked) => {
    const [x, y] = toScreen(plot, i);
    const gap = isMarked ? 12 : sizeOf(plot) / 2 + 3;
    return isSeen(plot, [x, y]) && {i, x, y, gap, height: isMarked ? 18 : 14, must: isMarked, isMarked, ...measure(i, isMarked)};
  };
  const wanted = [...marked.map((i) => build(i, true)), ...rest.map((i) => build(i, false))].filter(Boolean);
  const limit = points.x.length < FEW ? FEW : Math.min(MOST, Math.round(7 * (view.k ** 1.3 - 1)));
  return scatter.placeLabels(wanted, {width, height: height - bottom + 4, limit, taken: takenBy(plot)});
};

// --- marks --------------------------------------------------------------------------------------------------------
const centred = ({points}, ring, i) => ({...ring, xanchor: points.x[i], yanchor: points.y[i]});
/** Rings around A and B of a comparison, and what the list shows. */
const buildShapes = (plot, {marks, rings}) => {
  const radius = sizeOf(plot) / 2 + (plot.bins ? 0.8 : 0.2);
  const spot = {type: 'circle', xsizemode: 'pixel', ysizemode: 'pixel', x0: -radius, x1: radius, y0: -radius, y1: radius};
  const look = plot.bins ? {line: {color: marks.ink, width: 1}} : {fillcolor: marks.ink, line: {width: 0}};
  const shown = [...plot.highlighted]
    .filter((i) => isThere(plot, i) && i !== plot.a && i !== plot.b)
    .map((i) => centred(plot, {...spot, ...look, opacity: 0.78}, i));
  const pair = plot.b >= 0 ? [[plot.a, rings.a], [plot.b, rings.b]] : []; // prettier-ignore
  return [...shown, ...pair.filter(([i]) => isThere(plot, i)).map(([i, ring]) => centred(plot, ring, i))];
};
const at = ({points}, places) => ({x: places.map((i) => points.x[i]), y: places.map((i) => points.y[i]), ids: places.map(String)});
const buildMarks = (plot, template, {marks}) => {
  const pair = [[plot.b, marks.b, 'diamond'], [plot.a, plot.b >= 0 ? marks.a : marks.one, 'circle']].filter(([i]) => isThere(plot, i)); // prettier-ignore
  const marker = {...template.marker, color: pair.map(([, color]) => color), symbol: pair.map(([, , symbol]) => symbol)};
  return {...template, ...at(plot, pair.map(([i]) => i)), marker}; // prettier-ignore
};
const buildNames = (plot, template, {marks}) => ({
  ...template,
  ...at(plot, plot.names.map(({i}) => i)), // prettier-ignore
  text: plot.names.map(({text, isMarked}) => (isMarked ? `<b>${text}</b>` : text)),
  textposition: plot.names.map(({box}) => box.side),
  textfont: {
    ...template.textfont,
    color: plot.names.map(({isMarked}) => (isMarked ? marks.ink : template.textfont.color)),
    size: plot.names.map(({isMarked}) => (isMarked ? 12 : template.textfont.size)),
  },
  marker: {...template.marker, size: plot.names.map(({gap}) => 1.6 * (gap - 1))},
});

/** The figure of a plot. Arrays that did not change are the same ones, so that Plotly leaves them alone.

    `plot` holds `points` in pixels of the unzoomed window, along the classes; `view`; `names`; `color` and `opacity`. */
export const buildFigure = (plot, parts) => {
  const [points, marks, names] = parts.data;
  const ranges = scatter.toRanges(plot.view, plot.width, plot.height);
  return {
    data: [
      {
        ...points,
        x: plot.points.x,
        y: plot.points.y,
        ids: plot.ids,
        marker: {...points.marker, color: plot.color, opacity: plot.opacity, size: sizeOf(plot)},
      },
      buildMarks(plot, marks, parts),
      buildNames(plot, names, parts),
    ],
    layout: {
      ...parts.layout,
      width: plot.width,
      height: plot.height,
      dragmode: plot.isLasso ? 'lasso' : 'pan',
      xaxis: {...parts.layout.xaxis, range: ranges.x},
      yaxis: {...parts.layout.yaxis, range: ranges.y},
      shapes: buildShapes(plot, parts),
      selections: [],
    },
  };
};
