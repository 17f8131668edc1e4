// @ts-check
/* The canvas of the embedding: points and marks; the way between two layers and between two views. */
import {scatter} from '../model/scatter.js';
import {color} from '../shell.js';
import {reducedMotion} from '../views.js';
import {drawLabels} from './embedding_labels.js';
import {emb} from './embedding_state.js';

const MOVE = 600; /* ms between two layers */
const ZOOM = 70; /* ms in which a view comes two thirds of the way nearer */
const PADDING = {left: 20, right: 20, top: 14};
const TOOLS = 38; /* px at the bottom that tools and legend take at least */
export const FEW = 60; /* classes of which all can be named at once, beside their points and not over others */

/** What is drawn: `points` in pixels of the unzoomed stage, along the run's classes. */
export const newPlot = (canvas) => ({
  canvas,
  context: canvas.getContext('2d'),
  width: 0,
  height: 0,
  bottom: TOOLS,
  raw: null /* {x, y} of the layer as in the payload */,
  layer: null,
  points: null,
  move: null /* {from, to, began} */,
  view: scatter.WHOLE,
  goal: scatter.WHOLE,
  last: 0,
  frame: null,
  hover: -1,
  a: -1,
  b: -1,
  highlighted: new Set(),
  only: null,
  lasso: null,
  drag: false,
  hasCard: false,
  bins: null,
  palette: [],
  order: [],
  texts: new Map(),
});

// --- size, layer, view --------------------------------------------------------------------------------------------
const fitted = (plot) => scatter.fit(plot.raw.x, plot.raw.y, {width: plot.width, height: plot.height, ...PADDING, bottom: plot.bottom});
export const resize = (plot) => {
  const {clientWidth, clientHeight} = plot.canvas.parentElement;
  if (!clientWidth || (clientWidth === plot.width && clientHeight === plot.height)) return;
  [plot.width, plot.height] = [clientWidth, clientHeight];
  const ratio = window.devicePixelRatio || 1;
  plot.canvas.width = Math.round(plot.width * ratio);
  plot.canvas.height = Math.round(plot.height * ratio);
  plot.move = null;
  if (plot.raw) plot.points = fitted(plot);
  if (plot.raw) draw(plot); /* at once: a canvas is empty after a change of size */
  redraw(plot);
};
/** Leaves room at the bottom for a legend of some height. */
export const makeRoom = (plot, height) => {
  const bottom = Math.max(TOOLS, height + 10);
  if (bottom === plot.bottom) return;
  plot.bottom = bottom;
  if (!plot.raw || !plot.width) return;
  if (plot.move) plot.move.to = fitted(plot);
  else plot.points = fitted(plot);
};
/** Shows the points of a layer; from those of another they move. */
export const moveTo = (plot, layer, raw) => {
  const before = plot.points;
  Object.assign(plot, {layer, raw});
  delete plot.canvas.parentElement.dataset.layer;
  if (!plot.width) return;
  const to = fitted(plot);
  const isMove = before && before.x.length === to.x.length && !reducedMotion();
  plot.move = isMove ? {from: before, to, began: null} : null;
  plot.points = isMove ? before : to;
  redraw(plot);
};
export const look = (plot, goal) => {
  plot.goal = scatter.keep(goal, plot.width, plot.height);
  if (reducedMotion() || plot.drag) plot.view = plot.goal;
  redraw(plot);
};

// --- frames -------------------------------------------------------------------------------------------------------
export const redraw = (plot) => (plot.frame = plot.frame || window.requestAnimationFrame((now) => tick(plot, now)));
const tick = (plot, now) => {
  plot.frame = null;
  if (!plot.raw || !plot.points) return;
  const passed = Math.min(50, now - plot.last);
  plot.last = now;
  if (plot.move) advance(plot, now);
  if (plot.view !== plot.goal) plot.view = scatter.approach(plot.view, plot.goal, 1 - Math.exp(-passed / ZOOM));
  draw(plot);
  if (plot.move || plot.view !== plot.goal) redraw(plot);
  else if (plot.canvas.parentElement) plot.canvas.parentElement.dataset.layer = plot.layer;
};
const advance = (plot, now) => {
  const {move} = plot;
  if (move.began === null) move.began = now;
  const t = Math.min(1, (now - move.began) / MOVE);
  plot.points = t < 1 ? scatter.between(move.from, move.to, scatter.ease(t)) : move.to;
  if (t === 1) plot.move = null;
};

// --- points -------------------------------------------------------------------------------------------------------
export const screen = ({points, view}, i) => [points.x[i] * view.k + view.x, points.y[i] * view.k + view.y];
const isSeen = (emb.isSeen = (plot, x, y) => x > -20 && y > -20 && x < plot.width + 20 && y < plot.height + 20);
const radiusOf = (emb.radiusOf = ({points, view}) =>
  (points.x.length < FEW ? 4.5 : points.x.length < 300 ? 3.4 : 2.5) * Math.min(1.8, view.k ** 0.35));
/** Points of one look in one path. */
const dots = (plot, places, radius) => {
  const {context} = plot;
  context.beginPath();
  places.forEach((i) => {
    const [x, y] = screen(plot, i);
    if (!isSeen(plot, x, y)) return;
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  });
};
const byLook = (plot, places) => {
  const looks = new Map();
  places.forEach((i) => {
    const bin = plot.bins ? plot.bins[i] : -1;
    if (looks.has(bin)) looks.get(bin).push(i);
    else looks.set(bin, [i]);
  });
  return looks;
};
const drawPoints = (plot, colors) => {
  const {context, only, highlighted} = plot;
  const radius = radiusOf(plot);
  const all = [...plot.points.x.keys()];
  const fill = (places, alpha) =>
    byLook(plot, places).forEach((each, bin) => {
      context.globalAlpha = alpha;
      context.fillStyle = bin < 0 ? colors.shared : plot.palette[bin];
      dots(plot, each, radius);
      context.fill();
    });
  const strong = plot.bins ? 0.9 : 0.7;
  if (only)
    fill(
      all.filter((i) => !only.has(i)),
      0.18,
    );
  fill(only ? all.filter((i) => only.has(i)) : all, strong);
  context.globalAlpha = plot.bins ? 0.8 : 0.75;
  context.lineWidth = 1;
  context.strokeStyle = context.fillStyle = colors.ink;
  dots(plot, highlighted, radius + (plot.bins ? 0.8 : 0.2));
  if (plot.bins) context.stroke();
  else context.fill();
  context.globalAlpha = 1;
};

// --- marks: A a filled circle, B a diamond in a dashed ring --------------------------------------------------------
const ring = (plot, i, radius, color, dash) => {
  const {context} = plot;
  const [x, y] = screen(plot, i);
  context.beginPath();
  context.setLineDash(dash);
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.lineWidth = 2;
  context.strokeStyle = color;
  context.stroke();
  context.setLineDash([]);
};
const spot = (plot, i, radius, color, isDiamond) => {
  const {context} = plot;
  const [x, y] = screen(plot, i);
  context.beginPath();
  if (isDiamond)
    [
      [0, -1],
      [1, 0],
      [0, 1],
      [-1, 0],
    ].forEach(([dx, dy]) => context.lineTo(x + dx * radius, y + dy * radius));
  else context.arc(x, y, radius, 0, 2 * Math.PI);
  context.closePath();
  context.fillStyle = color;
  context.strokeStyle = theme.paper;
  context.lineWidth = 3;
  context.stroke();
  context.fill();
};
const isThere = (emb.isThere = (plot, i) => i >= 0 && !Number.isNaN(plot.points.x[i]));
const drawMarks = (plot, colors) => {
  if (isThere(plot, plot.b)) {
    spot(plot, plot.b, 6, colors.b, true);
    ring(plot, plot.b, 10, colors.b, [3, 3]);
  }
  if (isThere(plot, plot.a)) {
    spot(plot, plot.a, 5.5, plot.b >= 0 ? colors.a : colors.accent, false);
    if (plot.b >= 0) ring(plot, plot.a, 9, colors.a, []);
  }
  if (isThere(plot, plot.hover)) ring(plot, plot.hover, 8, colors.ink, []);
};

const drawLasso = ({context, lasso}, colors) => {
  if (!lasso || lasso.length < 2) return;
  context.beginPath();
  lasso.forEach(([x, y]) => context.lineTo(x, y));
  context.globalAlpha = 0.12;
  context.fillStyle = colors.accent;
  context.fill();
  context.globalAlpha = 1;
  context.setLineDash([4, 3]);
  context.lineWidth = 1.5;
  context.strokeStyle = colors.accent;
  context.stroke();
  context.setLineDash([]);
};
const COLORS = ['ink', 'muted', 'paper', 'shared', 'accent', 'a', 'b'];
let theme = null;
document.addEventListener('summit-theme', () => (theme = null));
const draw = (plot) => {
  theme = theme || Object.fromEntries(COLORS.map((name) => [name, color(name)]));
  const ratio = plot.canvas.width / plot.width;
  plot.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  plot.context.clearRect(0, 0, plot.width, plot.height);
  drawPoints(plot, theme);
  drawMarks(plot, theme);
  drawLabels(plot, theme);
  drawLasso(plot, theme);
};
