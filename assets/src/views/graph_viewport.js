// @ts-check
/* The window onto the paper: fit, zoom, pan, pinch, and the small map of where one is. */
import * as current from '../current.js';
import {h} from '../dom.js';
import {dispatch} from '../selection.js';
import {isShown, setPlaces} from './graph_canvas.js';
import {hideCard} from './graph_card.js';
import {openGhost} from './graph_ghosts.js';
import {placeGutter} from './graph_gutter.js';
import {open} from './graph_hover.js';
import {graph} from './graph_state.js';
import {live} from './graph_tools.js';

const NODE = 96;
const SMALLEST_ZOOM = 0.2;
const SMALLEST_FIT = 0.3; /* at which the labels of neighbours do not touch */
const LARGEST_ZOOM = 4;
const PAD = {top: 30, right: 28, bottom: 22, start: 12}; /* as summit_dash/export/fit.py */
const MAP = {width: 160, height: 110};
const view = {zoom: 1, x: 0, y: 0};
let touched = false;
let stretched = null;
let size = {width: 0, height: 0};

const isRight = () => current.selection.direction === 'right';
const isCompared = () => Boolean(graph.context && graph.context.comparison);
/** The room that the graph may fill, beside the labels of the layers. */
const room = () => {
  const gutter = isRight() ? {x: 20, y: isCompared() ? 58 : 40} : {x: isCompared() ? 140 : 92, y: 0};
  const left = gutter.x;
  const top = gutter.y + PAD.top;
  return {left, top, x: size.width - left - PAD.right, y: size.height - top - PAD.bottom};
};
const extent = (values) => ({low: Math.min(...values), high: Math.max(...values), span: Math.max(...values) - Math.min(...values)});

// --- fit ----------------------------------------------------------------------------------------------------------
/** The zoom at which the graph fits, and how far it may be stretched at that zoom to use the window. */
const plan = () => {
  const all = [...graph.scene.nodes.values()];
  const kept = current.selection.pins.length ? all.filter(isShown) : all; /* what a slider hides keeps its place */
  const nodes = kept.map((each) => each.node);
  const xs = extent(nodes.map((node) => (isRight() ? -node.y : node.x)));
  const ys = extent(nodes.map((node) => (isRight() ? node.x : node.y)));
  const space = room();
  const byHeight = Math.min(1, space.y / (ys.span + NODE));
  const byWidth = Math.min(1, space.x / (xs.span + NODE));
  const zoom = Math.max(current.selection.sides === 'two' && isCompared() ? SMALLEST_ZOOM : SMALLEST_FIT, Math.min(byHeight, byWidth));
  const stretch = (length, span, most) => (span ? Math.min(most, Math.max(1, (length / zoom - NODE) / span)) : 1);
  return {zoom, space, xs, ys, sx: stretch(space.x, xs.span, 2.2), sy: stretch(space.y, ys.span, 2.6)};
};
const stretches = ({sx, sy}) => ({wide: (sx * live('width')) / 100, tall: (sy * live('height')) / 100, right: isRight()});
/** Where the view starts so that a span lies in the middle of the space, or at its start where it does not fit. */
const align = ({low, span}, by, zoom, start, space) => {
  const length = (span * by + NODE) * zoom;
  const free = length <= space + 1 ? (space - length) / 2 : PAD.start;
  return start + free - (low * by - NODE / 2) * zoom;
};
/** Fits the graph to the window and forgets where one had zoomed to. */
export const fit = () => {
  touched = false;
  if (!size.width) measure();
  if (!graph.scene || !size.width) return;
  const plans = plan();
  stretched = plans;
  const by = stretches(plans);
  setPlaces(by);
  const {zoom, space, xs, ys} = plans;
  Object.assign(view, {zoom, x: align(xs, by.wide, zoom, space.left, space.x), y: align(ys, by.tall, zoom, space.top, space.y)});
  apply();
};
/** Fits what is shown now, unless a person has moved the view. */
export const refit = () => touched || fit();
export const fitGraph = () => fit();
/** Moves everything to where the sliders say; the view stays where a person has put it. */
export const arrange = () => {
  if (!graph.scene) return;
  if (!touched || !stretched) fit();
  else {
    setPlaces(stretches(stretched));
    apply();
  }
};
const measure = () => {
  size = {width: graph.frame.stage.clientWidth, height: graph.frame.stage.clientHeight};
};

// --- the view -----------------------------------------------------------------------------------------------------
/** The part of the stage beside the labels of the layers, in pixels of the stage, and where a point of the paper is in it. */
export const visibleWindow = () => ({left: room().left, right: size.width, at: (x) => x * view.zoom + view.x});
const apply = () => {
  const {zoom, x, y} = view;
  graph.scene.world.setAttribute('transform', `translate(${x} ${y}) scale(${zoom})`);
  graph.frame.paper.style.setProperty('--zoom', zoom);
  placeGutter();
  drawMap();
};
let pending = false;
const applySoon = () => {
  if (pending) return;
  pending = true;
  requestAnimationFrame(() => {
    pending = false;
    if (graph.scene) apply();
  });
};
/** Where a point of the drawing is in the stage, in pixels, and the zoom. */
export const toScreen = ({x, y}) => ({x: x * view.zoom + view.x, y: y * view.zoom + view.y, zoom: view.zoom});
export const stageSize = () => size;
const moveTo = (changes) => {
  touched = true;
  Object.assign(view, changes);
  hideCard();
  applySoon();
};
const zoomAt = (factor, x, y) => {
  const zoom = Math.min(LARGEST_ZOOM, Math.max(SMALLEST_ZOOM, view.zoom * factor));
  const by = zoom / view.zoom;
  moveTo({zoom, x: x - (x - view.x) * by, y: y - (y - view.y) * by});
};
export const zoomBy = (factor) => zoomAt(factor, size.width / 2, size.height / 2);
/** Brings a node into the window, out from under a panel that lies over the graph. */
export const reveal = (each) => {
  if (!each) return;
  const panel = document.getElementById('panel');
  const over =
    panel && window.innerWidth < 1200 && current.selection.channel !== null && current.selection.panel === 'channel'
      ? panel.offsetWidth || 340
      : 0;
  const {x, y} = toScreen(each);
  const space = room();
  const into = (at, low, high) => (at < low ? low - at : at > high ? high - at : 0);
  const dx = into(x, space.left + 20, size.width - over - 50);
  const dy = into(y, space.top, size.height - 40);
  if (dx || dy) moveTo({x: view.x + dx, y: view.y + dy});
};

// --- wheel, drag, pinch -------------------------------------------------------------------------------------------
const pointers = new Map();
let dragged = false;
const at = (event) => {
  const box = graph.frame.stage.getBoundingClientRect();
  return {x: event.clientX - box.left, y: event.clientY - box.top};
};
const down = (event) => {
  if (event.button !== 0) return;
  dragged = pointers.size > 0;
  pointers.set(event.pointerId, {...at(event), start: at(event)});
};
const move = (event) => {
  const last = pointers.get(event.pointerId);
  if (!last || !graph.scene) return;
  const now = at(event);
  if (!dragged && Math.hypot(now.x - last.start.x, now.y - last.start.y) < 4) return;
  if (!dragged) graph.frame.paper.setPointerCapture(event.pointerId);
  dragged = true;
  const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
  if (other) {
    const distance = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
    zoomAt(distance(now) / distance(last), other.x, other.y);
  } else moveTo({x: view.x + now.x - last.x, y: view.y + now.y - last.y});
  pointers.set(event.pointerId, {...now, start: last.start});
  graph.frame.paper.classList.add('dragging');
};
const up = (event) => {
  pointers.delete(event.pointerId);
  if (!pointers.size) graph.frame.paper.classList.remove('dragging');
};
const click = (event) => {
  if (dragged) return;
  const owner = event.target.closest('[data-node]');
  const ghost = event.target.closest('[data-ghost]');
  if (ghost) openGhost(ghost);
  else if (owner) open(owner);
  else if (!event.target.closest('[data-edge]') && current.selection.channel !== null) dispatch({channel: null});
};
export const bindViewport = () => {
  const {paper, stage, map} = graph.frame;
  paper.addEventListener('pointerdown', down);
  paper.addEventListener('pointermove', move);
  paper.addEventListener('pointerup', up);
  paper.addEventListener('pointercancel', up);
  paper.addEventListener('click', click);
  paper.addEventListener('wheel', (event) => {
    if (!graph.scene) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    zoomAt(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015)), at(event).x, at(event).y);
  }, {passive: false}); // prettier-ignore
  map.addEventListener('pointerdown', (event) => map.setPointerCapture(event.pointerId));
  ['pointerdown', 'pointermove'].forEach((name) => map.addEventListener(name, (event) => event.buttons & 1 && goTo(event)));
  new ResizeObserver(() => {
    measure();
    if (!graph.scene) return;
    if (touched) apply();
    else fit();
  }).observe(stage);
};
export const isDragging = () => dragged && pointers.size > 0;

// --- the small map: only where the graph is larger than the window ------------------------------------------------
let mapped = null;
const drawMap = () => {
  const {map} = graph.frame;
  const nodes = [...graph.scene.nodes.values()].filter(isShown);
  const xs = extent(nodes.map((each) => each.x));
  const ys = extent(nodes.map((each) => each.y));
  const {left, top, x, y} = room();
  const first = toScreen({x: xs.low - NODE / 2, y: ys.low - NODE / 2});
  const last = toScreen({x: xs.high + NODE / 2, y: ys.high + NODE / 2});
  const fits = first.x >= left - 14 && first.y >= top - 14 && last.x <= left + x + 14 && last.y <= top + y + 14;
  map.toggleAttribute('hidden', fits || !nodes.length);
  if (fits || !nodes.length) return;
  const scale = Math.min(MAP.width / (xs.span + 2 * NODE), MAP.height / (ys.span + 2 * NODE));
  mapped = {scale, x: xs.low - NODE, y: ys.low - NODE};
  const dots = nodes.map((each) => {
    const side = Math.max(2, each.node.size * scale);
    return h('rect', {
      class: `dot ${each.node.part}`,
      x: (each.x - mapped.x) * scale - side / 2,
      y: (each.y - mapped.y) * scale - side / 2,
      width: side,
      height: side,
    });
  });
  const width = (xs.span + 2 * NODE) * scale;
  const height = (ys.span + 2 * NODE) * scale;
  map.setAttribute('width', width);
  map.setAttribute('height', height);
  const corner = {x: (-view.x / view.zoom - mapped.x) * scale, y: (-view.y / view.zoom - mapped.y) * scale};
  const pane = {width: (size.width / view.zoom) * scale, height: (size.height / view.zoom) * scale};
  map.replaceChildren(...dots, h('rect', {class: 'pane-in-map', ...corner, ...pane, rx: 2}));
};
const goTo = (event) => {
  const box = graph.frame.map.getBoundingClientRect();
  const x = (event.clientX - box.left) / mapped.scale + mapped.x;
  const y = (event.clientY - box.top) / mapped.scale + mapped.y;
  moveTo({x: size.width / 2 - x * view.zoom, y: size.height / 2 - y * view.zoom});
};
