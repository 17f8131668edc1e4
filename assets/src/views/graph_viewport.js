// @ts-check
/* The window onto the paper: fit, zoom, what keeps it from being lost, and the small map of where one is. */
import * as current from '../current.js';
import {h} from '../dom.js';
import {placeFree} from '../widgets/place.js';
import {canvas} from './cytoscape.js';
import {hideCard} from './graph_card.js';
import {getFrame} from './graph_frame.js';
import {placeGutter} from './graph_gutter.js';
import {chosenId, getContext, getScene, movePlaces, nodeOf, setPlaces, setScale, shownOf} from './graph_scene.js';
import {liveValue} from './graph_tools.js';
import {placeTray} from './graph_tray.js';

const NODE = 96;
const SMALLEST_ZOOM = 0.2;
const SMALLEST_FIT = 0.3; /* at which the labels of neighbours do not touch */
const LARGEST_ZOOM = 4;
const PAD = {top: 30, right: 28, bottom: 22, start: 12}; /* as summit_dash/export/fit.py */
const MAP = {width: 160, height: 110, leastWidth: 560, leastHeight: 380}; /* no map on a smaller stage */
const NAME = 16; /* pixels above a node that its name takes */
const KEPT = 90; /* pixels of the graph that stay in the window */
const STEP = 1.06; /* change of zoom after which labels get their size again */
let touched = false;
let stretched = null;
let size = {width: 0, height: 0};
let scaled = 1; /* the zoom that labels have their size for */

const isRight = () => current.selection.direction === 'right';
const isCompared = (context = getContext()) => Boolean(context && context.comparison);
/** The room that the graph may fill, beside the labels of the layers. */
const room = (context = getContext()) => {
  const compared = isCompared(context);
  const gutter = isRight() ? {x: 20, y: compared ? 58 : 40} : {x: compared ? 152 : 92, y: 0};
  const left = gutter.x;
  const top = gutter.y + PAD.top;
  return {left, top, x: size.width - left - PAD.right, y: size.height - top - PAD.bottom};
};
const extent = (values) => ({low: Math.min(...values), high: Math.max(...values), span: Math.max(...values) - Math.min(...values)});

// --- fit ------------------------------------------------------------------------------------------------------------
/** The zoom at which a scene fits, and how far it may be stretched at that zoom to use the window. */
const plan = (scene) => {
  const all = [...scene.nodes.values()];
  const kept = scene === getScene() && current.selection.pins.length ? shownOf(scene.nodes) : all; /* what a slider hides keeps its place */
  const nodes = kept.map((each) => each.node);
  const xs = extent(nodes.map((node) => (isRight() ? -node.y : node.x)));
  const ys = extent(nodes.map((node) => (isRight() ? node.x : node.y)));
  const space = room(scene.context);
  const fitting = Math.min(1, space.y / (ys.span + NODE), space.x / (xs.span + NODE));
  const zoom = Math.max(current.selection.sides === 'two' && isCompared(scene.context) ? SMALLEST_ZOOM : SMALLEST_FIT, fitting);
  const most = (length, span, limit) => (span ? Math.min(limit, Math.max(1, (length / zoom - NODE) / span)) : 1);
  return {zoom, space, xs, ys, sx: most(space.x, xs.span, 2.2), sy: most(space.y, ys.span, 2.6)};
};
const stretches = ({sx, sy}) => ({wide: (sx * liveValue('width')) / 100, tall: (sy * liveValue('height')) / 100, right: isRight()});
/** Where the view starts so that a span lies in the middle of the space, or at its start where it does not fit. */
const align = ({low, span}, by, zoom, start, space) => {
  const length = (span * by + NODE) * zoom;
  const free = length <= space + 1 ? (space - length) / 2 : PAD.start;
  return start + free - (low * by - NODE / 2) * zoom;
};
/** Places a scene so that it fits the window; returns the zoom and the pan that show it so. */
export const fitScene = (scene) => {
  if (!size.width) measure(); /* to ask has the page laid out; it is heard when the size changes */
  touched = false;
  stretched = plan(scene);
  const by = stretches(stretched);
  setPlaces(scene, by);
  const {zoom, space, xs, ys} = stretched;
  scaled = zoom;
  return {zoom, pan: {x: align(xs, by.wide, zoom, space.left, space.x), y: align(ys, by.tall, zoom, space.top, space.y)}};
};
/** Fits the graph to the window and forgets where one had zoomed to. */
export const fit = () => {
  const scene = getScene();
  if (!scene) return;
  const {zoom, pan} = fitScene(scene);
  movePlaces(stretches(stretched));
  canvas().viewport({zoom, pan});
  setScale(zoom);
  touched = false;
  follow();
};
/** Fits what is shown now, unless a person has moved the view. */
export const refit = () => touched || fit();
/** Moves everything to where the sliders say; the view stays where a person has put it. */
export const arrange = () => {
  if (!getScene()) return;
  if (!touched || !stretched) return fit();
  movePlaces(stretches(stretched));
  follow();
};
export const fitGraph = () => fit();
const measure = () => {
  const {stage} = getFrame();
  const {clientWidth: width, clientHeight: height} = stage;
  if (width !== size.width || height !== size.height) canvas().resize();
  size = {width, height};
};

// --- the view -------------------------------------------------------------------------------------------------------
/** The part of the stage beside the labels of the layers, in pixels of the stage, and where a point of the paper is in it. */
export const getWindow = () => ({left: room().left, right: size.width - findOver(), at: (x) => toScreen({x, y: 0}).x});
/** Where a point of the drawing is in the stage, in pixels, and the zoom. */
export const toScreen = ({x, y}) => {
  const [zoom, pan] = [canvas().zoom(), canvas().pan()];
  return {x: x * zoom + pan.x, y: y * zoom + pan.y, zoom};
};
export const getStageSize = () => size;
/** The box of a node in the stage, in pixels. */
export const boxOf = (each) => {
  const {x, y, zoom} = toScreen(each);
  const half = (each.node.size / 2) * zoom;
  return {left: x - half, right: x + half, top: y - half, bottom: y + half};
};
/** What stands beside the paper follows it. */
const follow = () => {
  placeGutter();
  placeTray();
  drawMap();
};
let pending = false;
/** What the paper's movement brings about, once in each frame. */
export const onViewport = () => {
  if (!getScene() || pending) return;
  pending = true;
  requestAnimationFrame(() => {
    pending = false;
    if (!getScene()) return;
    hold();
    const zoom = canvas().zoom();
    if (Math.max(zoom / scaled, scaled / zoom) > STEP) setScale((scaled = zoom));
    follow();
  });
};
/** The extent of what is shown, in pixels of the stage. */
const shownExtent = () => {
  const boxes = shownOf(getScene().nodes).map(boxOf);
  return boxes.length
    ? {
        left: Math.min(...boxes.map((box) => box.left)),
        right: Math.max(...boxes.map((box) => box.right)),
        top: Math.min(...boxes.map((box) => box.top)),
        bottom: Math.max(...boxes.map((box) => box.bottom)),
      }
    : null;
};
/** Keeps some of the graph in the window. */
const hold = () => {
  const at = shownExtent();
  if (!at) return;
  const space = room();
  const into = (low, high, start, end) => Math.max(0, start + KEPT - high) || Math.min(0, end - KEPT - low);
  const by = {x: into(at.left, at.right, space.left, size.width), y: into(at.top, at.bottom, 0, size.height)};
  if (by.x || by.y) canvas().panBy(by);
};
/** A person has moved the view. */
export const touch = () => {
  touched = true;
  hideCard();
};
const zoomAt = (factor, x, y) => {
  const level = Math.min(LARGEST_ZOOM, Math.max(SMALLEST_ZOOM, canvas().zoom() * factor));
  canvas().zoom({level, renderedPosition: {x, y}});
  touch();
};
export const zoomBy = (factor) => getScene() && zoomAt(factor, size.width / 2, size.height / 2);
/** The pixels of the stage that a panel lies over. */
const findOver = () => {
  const panel = document.getElementById('panel');
  const isOver = panel && window.innerWidth < 1200 && current.selection.channel !== null && current.selection.panel === 'channel';
  return isOver ? panel.offsetWidth || 340 : 0;
};
/** Brings a node into the window, out from under a panel that lies over the graph. */
export const reveal = (each) => {
  if (!each) return;
  const over = findOver();
  const {x, y} = toScreen(each);
  const space = room();
  const into = (at, low, high) => (at < low ? low - at : at > high ? high - at : 0);
  const by = {x: into(x, space.left + 20, size.width - over - 50), y: into(y, space.top, size.height - 40)};
  if (!by.x && !by.y) return;
  canvas().panBy(by);
  touch();
};
export const revealChosen = () => {
  if (chosenId() && getScene()) reveal(nodeOf(chosenId()));
};
/** A wheel zooms at the pointer as far as it turns; Cytoscape's own way knows no pinch on a pad. */
const wheel = (event) => {
  if (!getScene() || !getFrame().canvas.contains(event.target)) return;
  event.preventDefault();
  event.stopPropagation();
  const box = getFrame().stage.getBoundingClientRect();
  const lines = event.deltaMode === 1 ? 16 : 1;
  zoomAt(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015)), event.clientX - box.left, event.clientY - box.top);
};
export const bindViewport = () => {
  const {stage, map} = getFrame();
  stage.addEventListener('wheel', wheel, {passive: false, capture: true});
  map.addEventListener('pointerdown', (event) => map.setPointerCapture(event.pointerId));
  ['pointerdown', 'pointermove'].forEach((name) => map.addEventListener(name, (event) => event.buttons & 1 && goTo(event)));
  new ResizeObserver(() => {
    measure();
    if (!getScene()) return;
    if (!touched) fit();
    else {
      revealChosen();
      follow();
    }
  }).observe(stage);
};

// --- the small map: only where the graph is larger than the window --------------------------------------------------
let mapped = null;
let spot = null; /* where the map is; it stays there while a person moves the view */
/** The place of a map where it covers no node; null where there is none. */
const findSpot = (own, nodes) => {
  const {left, top} = room();
  const area = {left, top: top - PAD.top, right: size.width - 44, bottom: size.height - 10};
  const boxes = nodes.map(boxOf).map((box) => ({...box, top: box.top - NAME}));
  return placeFree(own, area, boxes) || (touched && {left: area.right - own.width, top: area.bottom - own.height});
};
const drawMap = () => {
  const {map} = getFrame();
  const nodes = shownOf(getScene().nodes);
  const at = shownExtent();
  const {left, top, x, y} = room();
  const fits = !at || (at.left >= left - 14 && at.top >= top - 14 && at.right <= left + x + 14 && at.bottom <= top + y + 14);
  map.hidden = fits || size.width < MAP.leastWidth || size.height < MAP.leastHeight;
  if (map.hidden) return;
  const xs = extent(nodes.map((each) => each.x));
  const ys = extent(nodes.map((each) => each.y));
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
  const whole = {width: (xs.span + 2 * NODE) * scale, height: (ys.span + 2 * NODE) * scale};
  if (!touched || !spot) spot = findSpot(whole, nodes);
  map.hidden = !spot;
  if (!spot) return;
  map.style.left = `${spot.left}px`;
  map.style.top = `${spot.top}px`;
  const [zoom, pan] = [canvas().zoom(), canvas().pan()];
  const seen = {x: (-pan.x / zoom - mapped.x) * scale, y: (-pan.y / zoom - mapped.y) * scale};
  const pane = {width: (size.width / zoom) * scale, height: (size.height / zoom) * scale};
  map.replaceChildren(h('svg', {...whole, 'aria-hidden': 'true'}, dots, h('rect', {class: 'pane-in-map', ...seen, ...pane, rx: 2})));
};
const goTo = (event) => {
  const box = getFrame().map.getBoundingClientRect();
  const zoom = canvas().zoom();
  const x = (event.clientX - box.left) / mapped.scale + mapped.x;
  const y = (event.clientY - box.top) / mapped.scale + mapped.y;
  canvas().pan({x: size.width / 2 - x * zoom, y: size.height / 2 - y * zoom});
  touch();
};
