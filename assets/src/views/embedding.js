// @ts-check
/* The classes as points, one layout for each layer, with the strip of layers above: what it follows of the selection. */
import * as current from '../current.js';
import {load} from '../data.js';
import * as dom from '../dom.js';
import {action, emptyState, h} from '../dom.js';
import {count, plural} from '../format.js';
import {classes} from '../model/classes.js';
import {scatter} from '../model/scatter.js';
import {changed, view} from '../views.js';
import {rove} from '../widgets/roving.js';
import {buildColorMenu, paint} from './embedding_colors.js';
import {look, moveTo, newPlot, redraw, resize, screen} from './embedding_draw.js';
import {listen, setLasso} from './embedding_pointer.js';
import {emb} from './embedding_state.js';

const stage = () => document.getElementById('embedding');

// --- frame --------------------------------------------------------------------------------------------------------
const layerTip = (info) => `${info.layer}: ${plural(info.n_channels, 'channel')}, each position sees ${count(info.receptive_field)} px`;
const buildStrip = () =>
  current.run.layers.map((info) =>
    action(
      {layer: info.layer},
      {class: 'layer', 'data-layer': info.layer, 'data-tip': layerTip(info), 'aria-pressed': 'false'},
      info.short,
    ),
  );
const tool = (what, icon, label, act) =>
  h(
    'button',
    {type: 'button', class: 'icon-button small', 'data-embedding': what, 'aria-label': label, 'data-tip': label, onclick: act},
    dom.icon(icon),
  );
const zoom = (factor) => () => {
  const {plot} = emb;
  look(plot, scatter.zoom(plot.goal, factor, plot.width / 2, plot.height / 2));
};
const buildTools = () => {
  const lasso = tool('lasso', 'lasso', 'Draw round classes  l', () => toggleLasso());
  lasso.setAttribute('aria-pressed', 'false');
  const box = h(
    'div',
    {class: 'embedding-tools'},
    buildColorMenu(),
    lasso,
    tool('in', 'plus', 'Zoom in', zoom(1.6)),
    tool('out', 'minus', 'Zoom out', zoom(1 / 1.6)),
    tool('reset', 'fit', 'Show all classes', () => look(emb.plot, scatter.WHOLE)),
  );
  return {box, lasso};
};
let observer = null;
const build = () => {
  const canvas = h('canvas', {role: 'img'});
  emb.run = current.run;
  emb.legend = h('div', {class: 'embedding-legend', hidden: true});
  emb.empty = h('div', {class: 'embedding-empty'});
  emb.tools = buildTools();
  const strip = document.getElementById('layer-strip');
  strip.replaceChildren(...buildStrip());
  strip.onwheel = (event) => (strip.scrollLeft += event.deltaX || event.deltaY); /* it has no scroll bar */
  delete stage().dataset.layer;
  stage().replaceChildren(canvas, emb.legend, emb.tools.box, emb.empty);
  const plot = (emb.plot = newPlot(canvas));
  plot.order = classes.orderClasses(current.run.classes, 'accuracy-down', null).map((each) => each.place);
  resize(plot);
  listen(plot);
  if (observer) observer.disconnect();
  observer = new ResizeObserver(() => resize(plot));
  observer.observe(stage());
  /* Widths of text measured before the font was there are not those of the font. */
  document.fonts.ready.then(() => {
    plot.texts.clear();
    redraw(plot);
  });
};
const showProblem = (problem) => {
  emb.empty.replaceChildren(emptyState(problem));
  stage().classList.add('is-empty');
  delete stage().dataset.layer;
};

// --- what follows the selection -----------------------------------------------------------------------------------
const showLayer = async ({layer}) => {
  const {plot, run} = emb;
  document.querySelectorAll('#layer-strip [data-layer]').forEach((button) => {
    button.setAttribute('aria-pressed', String(button.dataset.layer === layer));
    if (button.dataset.layer === layer) button.scrollIntoView({block: 'nearest', inline: 'nearest'});
  });
  rove(document.getElementById('layer-strip'), '[data-layer]');
  if (!run.layerByName.has(layer))
    return showProblem({
      rule: `A layer is one of ${run.layers.map((info) => info.layer).join(', ')}.`,
      found: `The link says layer=${layer}.`,
      fix: 'Choose a layer above.',
    });
  const payload = await load('embedding');
  if (plot !== emb.plot || current.selection.layer !== layer) return null;
  if (payload.problem) return showProblem(payload.problem);
  emb.empty.replaceChildren();
  stage().classList.remove('is-empty');
  const known = payload.x[layer].filter((value) => value !== null).length;
  plot.canvas.setAttribute(
    'aria-label',
    `${plural(known, 'class', 'classes')} as points at ${layer}; the list below holds the same classes.`,
  );
  return moveTo(plot, layer, {x: payload.x[layer], y: payload.y[layer]});
};
const placeOf = (id) => {
  const each = id === null || id === undefined ? null : emb.run.classById.get(id);
  return each ? each.place : -1;
};
const mark = ({class_id: a, vs, vs_run: other, view, only}) => {
  const {plot} = emb;
  plot.a = placeOf(a);
  plot.b = view === 'compare' && (!other || other === emb.run.name) ? placeOf(vs) : -1;
  plot.only = only.length ? new Set(only.map(placeOf)) : null;
  redraw(plot);
};
view('embedding', (selection, before) => {
  if (!before) build();
  if (changed(selection, before, 'layer')) showLayer(selection);
  if (changed(selection, before, 'class_id', 'vs', 'vs_run', 'view', 'only')) mark(selection);
  const follows = selection.color === 'similarity' ? ['color', 'class_id', 'layer'] : ['color'];
  if (changed(selection, before, ...follows)) paint(selection);
});
document.addEventListener('summit-theme', () => emb.plot && current.selection && paint(current.selection));

// --- what others ask ----------------------------------------------------------------------------------------------
/** Where the point of a class is, in pixels of the page; null where it has none. */
export const at = (classId) => {
  const {plot} = emb;
  const i = plot && plot.points ? placeOf(classId) : -1;
  if (i < 0 || Number.isNaN(plot.points.x[i])) return null;
  const box = plot.canvas.getBoundingClientRect();
  const [x, y] = screen(plot, i);
  return {x: box.left + x, y: box.top + y};
};
/** Makes the points of some classes stand out, in place of those before. */
export const highlight = (ids) => {
  if (!emb.plot) return;
  emb.plot.highlighted = new Set(ids.map(placeOf).filter((i) => i >= 0));
  redraw(emb.plot);
};
/** Rings and names the point of a class, or of none. */
export const hover = (id) => {
  const {plot} = emb;
  if (!plot || plot.hover === placeOf(id)) return;
  plot.hover = placeOf(id);
  if (plot.hover < 0) delete stage().dataset.hover;
  else stage().dataset.hover = id;
  redraw(plot);
};
export const toggleLasso = () => emb.plot && emb.plot.points && setLasso(!emb.plot.isLasso);
/** Leaves the drawing round classes; says whether there was any. */
export const leave = () => {
  if (!emb.plot || !emb.plot.isLasso) return false;
  setLasso(false);
  return true;
};
