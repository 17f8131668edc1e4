// @ts-check
/* The classes as points, one layout for each layer: what the figure follows of the selection. Plotly draws it. */
import * as current from '../current.js';
import {load} from '../data.js';
import {emptyState} from '../dom.js';
import {plural} from '../format.js';
import {classes} from '../model/classes.js';
import {isThere, toScreen} from '../model/points.js';
import {askForPlotly} from '../plotly.js';
import {reducedMotion, view} from '../views.js';
import {pointAt} from './embedding_card.js';
import {findLook, showLegend} from './embedding_colors.js';
import {figureOf, fit, paint, parts, refresh, resize} from './embedding_figure.js';
import {buildFrame, followLayer} from './embedding_frame.js';
import {drawOver, forgetTexts} from './embedding_over.js';
import {onReady} from './embedding_plot.js';
import {BOTTOM, emb, GRAPH, newPlot, stage} from './embedding_state.js';

const placeOf = (id) => {
  const each = id === null || id === undefined ? null : emb.run.classById.get(id);
  return each ? each.place : -1;
};

// --- run ----------------------------------------------------------------------------------------------------------
/** Makes what the run needs, where it is another one than before. */
const prepare = () => {
  if (emb.run === current.run) return;
  if (!emb.run) {
    new ResizeObserver(resize).observe(stage());
    askForPlotly(['graph', 'compare'].includes(current.selection.view));
    onReady();
  }
  forgetTexts();
  const order = classes.orderClasses(current.run.classes, 'accuracy-down', null).map((each) => each.place);
  Object.assign(emb, {run: current.run, payload: null, plot: newPlot(current.run, order)});
  buildFrame();
  resize();
};
const showProblem = (problem) => {
  emb.empty.replaceChildren(...(problem ? [emptyState(problem)] : []));
  stage().classList.toggle('is-empty', Boolean(problem));
  if (problem) delete stage().dataset.layer;
};

// --- selection ----------------------------------------------------------------------------------------------------
const mark = ({class_id: a, vs, vs_run: other, view: shown, only}) => {
  const isPair = shown === 'compare' && (!other || other === emb.run.name);
  Object.assign(emb.plot, {a: placeOf(a), b: isPair ? placeOf(vs) : -1, only: only.length ? new Set(only.map(placeOf)) : null});
};
/** Puts the points at a layer; from those of another one they move there. */
const goTo = (layer) => {
  const {plot} = emb;
  const isOther = plot.layer !== layer;
  const from = plot.points;
  plot.layer = layer;
  if (isOther) delete stage().dataset.layer;
  fit();
  if (isOther && plot.isDrawn && !reducedMotion()) plot.move = {from, began: performance.now()};
};
const describe = ({layer}) => {
  const known = emb.payload.x[layer].filter((value) => value !== null).length;
  const words = `${plural(known, 'class', 'classes')} as points at ${layer}; the list below holds the same classes.`;
  stage().querySelector('.embedding-plot').setAttribute('aria-label', words);
};
/** Follows a selection; returns the points, or null where there is nothing to draw. */
const follow = async (selection) => {
  prepare();
  const {plot} = emb;
  const isStale = () => plot !== emb.plot || selection !== current.selection;
  const payload = await load('embedding');
  if (isStale()) return null;
  showProblem(payload.problem);
  if (payload.problem) return null;
  emb.payload = payload;
  const look = await findLook(selection, parts());
  if (isStale()) return null;
  plot.bottom = Math.max(BOTTOM, showLegend(look, selection) + 10);
  mark(selection);
  describe(selection);
  goTo(selection.layer);
  paint(look);
  return plot.points;
};
/** Gives the component the figure of a selection, where it is another one, and says whether the points move to it. */
const draw = async (selection) => {
  if (!(await follow(selection))) return;
  drawOver();
  const figure = figureOf();
  if (figure) window.dash_clientside.set_props(GRAPH, {figure, animate: Boolean(emb.plot.move)});
};
view('embedding', (selection) => {
  prepare();
  followLayer(selection.layer);
  draw(selection).catch((failure) => window.console.error('embedding:', failure)); /* no other view waits for it */
});
document.addEventListener('summit-theme', async () => {
  if (!emb.payload) return;
  const look = await findLook(current.selection, parts());
  showLegend(look, current.selection);
  paint(look);
  refresh();
});

// --- what others ask ----------------------------------------------------------------------------------------------
/** Where the point of a class is, in pixels of the page; null where it has none. */
export const at = (classId) => {
  const i = emb.plot && emb.plot.points ? placeOf(classId) : -1;
  if (i < 0 || !isThere(emb.plot, i)) return null;
  const box = stage().getBoundingClientRect();
  const [x, y] = toScreen(emb.plot, i);
  return {x: box.left + x, y: box.top + y};
};
/** Makes the points of some classes stand out, in place of those before. */
export const highlight = (ids) => {
  if (!emb.plot) return;
  emb.plot.highlighted = new Set(ids.map(placeOf).filter((i) => i >= 0));
  refresh();
};
/** Rings and names the point of a class, or of none. */
export const hover = (id) => {
  if (emb.plot && emb.plot.points && emb.plot.hover !== placeOf(id)) pointAt(placeOf(id));
};
