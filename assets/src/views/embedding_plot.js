// @ts-check
/* The component that draws the embedding, and what the pointer does there: Plotly zooms, moves and finds points. */
import * as current from '../current.js';
import {findNearest} from '../model/points.js';
import {scatter} from '../model/scatter.js';
import {plotly} from '../plotly.js';
import {dispatch} from '../selection.js';
import {reducedMotion} from '../views.js';
import {showCard} from './embedding_card.js';
import {drawOver} from './embedding_over.js';
import {refresh} from './embedding_figure.js';
import {drawing, emb, stage} from './embedding_state.js';
import {markRow} from './sidebar_cursor.js';

const ZOOM = 200; /* ms of a zoom by a button */
const REACH = 12; /* pixels, as `hoverdistance` in figures/embedding.py */

/** Shows a card and marks the row of a class, or of none. */
const point = (i) => {
  if (i < 0 && emb.plot.hover < 0) return;
  showCard(i);
  markRow(i < 0 ? null : emb.run.classes[i].id);
  stage().classList.toggle('is-over-point', i >= 0);
};
/** The class of an event of Plotly; -1 where it is none. Marks and names lie over points, and are none. */
const placeOf = (event) => {
  const found = ((event && event.points) || []).find(({curveNumber}) => curveNumber === 0);
  return found ? found.pointNumber : -1;
};

// --- view ---------------------------------------------------------------------------------------------------------
/** Notes the view that Plotly shows. */
const readView = () => {
  const {xaxis, yaxis} = drawing()._fullLayout;
  emb.plot.view = scatter.fromRanges(xaxis.range, yaxis.range, emb.plot.width);
};
/** Goes to a view, within its limits: by steps where somebody asked for a button, at once where the pointer leads. */
export const look = async (goal, isAtOnce = reducedMotion()) => {
  const {plot} = emb;
  plot.view = scatter.keep(goal, plot.width, plot.height);
  if (isAtOnce || !plot.isDrawn || plot.move) return refresh();
  const {x, y} = scatter.toRanges(plot.view, plot.width, plot.height);
  const timing = {frame: {duration: ZOOM, redraw: false}, transition: {duration: ZOOM, easing: 'cubic-out'}, mode: 'immediate'};
  const library = await plotly;
  await library.animate(drawing(), {layout: {xaxis: {range: x}, yaxis: {range: y}}}, timing).catch(() => null);
  return refresh();
};
export const zoomBy = (factor) => look(scatter.zoom(emb.plot.view, factor, emb.plot.width / 2, emb.plot.height / 2));
const onView = (event) => {
  if (!event || !Object.keys(event).some((name) => name.includes('axis.range'))) return;
  readView();
  emb.plot.drawn = null; /* Plotly shows another view than the last figure */
  look(emb.plot.view, true);
};
/** Passes a turn of the wheel on in parts of 20 pixels: Plotly takes no more of one event, so that notches would hardly zoom. */
const passWheel = (event) => {
  if (!event.isTrusted) return;
  event.preventDefault();
  event.stopPropagation();
  const turned = event.deltaY * (event.deltaMode === 1 ? 16 : 1) * (event.ctrlKey ? 2 : 0.4);
  const parts = Math.min(20, Math.ceil(Math.abs(turned) / 20));
  const {clientX, clientY} = event;
  for (let i = 0; i < parts; i += 1)
    event.target.dispatchEvent(new WheelEvent('wheel', {clientX, clientY, deltaY: turned / parts, bubbles: true, cancelable: true}));
};
/** Two fingers zoom around their middle, and move with it: Plotly knows one finger. */
const listenToFingers = (element) => {
  let before = null;
  const read = (event) => {
    const box = stage().getBoundingClientRect();
    const [a, b] = [...event.touches].map((finger) => [finger.clientX - box.left, finger.clientY - box.top]);
    return {x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2, apart: Math.max(1, Math.hypot(a[0] - b[0], a[1] - b[1]))};
  };
  const move = (event) => {
    if (event.touches.length !== 2) return;
    event.preventDefault();
    event.stopPropagation();
    const now = read(event);
    const {view} = emb.plot;
    if (before) look(scatter.zoom({...view, x: view.x + now.x - before.x, y: view.y + now.y - before.y}, now.apart / before.apart, now.x, now.y), true); // prettier-ignore
    before = now;
  };
  element.addEventListener('touchmove', move, {capture: true, passive: false});
  ['touchend', 'touchcancel'].forEach((name) => element.addEventListener(name, () => (before = null), true));
};

// --- lasso --------------------------------------------------------------------------------------------------------
const setLasso = (on) => {
  emb.plot.isLasso = on;
  emb.lasso.setAttribute('aria-pressed', String(on));
  refresh();
};
export const toggleLasso = () => emb.plot && emb.plot.points && setLasso(!emb.plot.isLasso);
/** Leaves the lasso; returns whether there was any. */
export const leave = () => {
  if (!emb.plot || !emb.plot.isLasso) return false;
  setLasso(false);
  return true;
};
/** Narrows the list to the enclosed classes; to all of them where it encloses all. */
const closeLasso = (event) => {
  const places = event ? event.points.filter(({curveNumber}) => curveNumber === 0).map(({pointNumber}) => pointNumber) : [];
  setLasso(false);
  const ids = places.map((i) => emb.run.classes[i].id).sort((a, b) => a - b);
  if (ids.length) dispatch({only: ids.length === emb.run.classes.length ? [] : ids});
};

// --- component ----------------------------------------------------------------------------------------------------
/** Notes that a figure is there and nothing moves. */
const settle = () => {
  const {plot} = emb;
  if (plot.move || !plot.points) return;
  stage().classList.remove('is-waiting');
  plot.isDrawn = true;
  stage().dataset.layer = plot.layer;
};
const arrive = () => {
  if (!emb.plot.move) return;
  emb.plot.move = null;
  settle();
  refresh();
};
/** Chooses the class at the pointer. Plotly looks there once in 50 ms: right after a move its point is the one before. */
const click = ({event}) => {
  const box = stage().getBoundingClientRect();
  const i = findNearest(emb.plot, [event.clientX - box.left, event.clientY - box.top], REACH);
  if (i < 0) return;
  const {id} = emb.run.classes[i];
  dispatch(event.shiftKey && id !== current.selection.class_id ? {vs: id, vs_run: null} : {class_id: id});
};
/** The last two presses: two quick clicks on two points are no double click, which Plotly does not look at. */
let presses = /** @type {any[]} */ ([]);
const press = (event) => (presses = [...presses.slice(-1), event]);
const showAll = () => {
  const [one, two] = presses;
  if (Math.hypot(two.clientX - one.clientX, two.clientY - one.clientY) <= REACH) look(scatter.WHOLE);
};
const bind = () => {
  const gd = drawing();
  gd.on('plotly_hover', (event) => point(placeOf(event)));
  gd.on('plotly_unhover', () => point(-1));
  gd.on('plotly_click', click);
  gd.on('plotly_selected', closeLasso);
  gd.on('plotly_relayouting', () => {
    delete stage().dataset.layer; /* until the figure of the new view is there */
    point(-1);
    readView();
    drawOver();
  });
  gd.on('plotly_relayout', onView);
  gd.on('plotly_doubleclick', showAll);
  gd.on('plotly_react', settle);
  gd.on('plotly_animated', arrive);
  stage().addEventListener('pointerdown', press, {capture: true});
  stage().addEventListener('pointerleave', () => point(-1));
  gd.addEventListener('wheel', passWheel, {capture: true, passive: false});
  listenToFingers(stage());
  settle();
  refresh();
};
/** Waits for the component's first figure, and listens to it from then on. */
export const onReady = () => {
  const isThere = () => drawing() && drawing().on && drawing()._fullLayout && !drawing().classList.contains('dash-graph--pending');
  const wait = () => (isThere() ? bind() : window.setTimeout(wait, 30));
  plotly.then(wait);
};
