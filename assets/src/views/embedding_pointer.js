/* The pointer on the embedding: hover with a card, click, drag, wheel, pinch, and drawing round classes. */
import * as current from '../current.js';
import {load} from '../data.js';
import {h} from '../dom.js';
import {percent, plural} from '../format.js';
import {scatter} from '../model/scatter.js';
import {exampleImage} from '../pictures.js';
import {dispatch} from '../selection.js';
import {hover} from './embedding.js';
import {look, redraw, screen} from './embedding_draw.js';
import {emb} from './embedding_state.js';
import {markRow} from './sidebar_cursor.js';

const NEAR = 12;
const STILL = 4; /* px that a click may tremble */
const REST = 80; /* ms before the picture of a class is asked for */

const placeOf = (event, plot) => {
  const box = plot.canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};
const under = (plot, [x, y]) => (plot.points ? scatter.nearest(plot.points, plot.view, x, y, NEAR) : -1);

// --- card: name, accuracy, one of the class's dataset examples ----------------------------------------------------
let timer = null;
const buildCard = (each) =>
  h(
    'div',
    {class: 'embedding-card', 'aria-hidden': 'true'},
    h('div', {class: 'card-name'}, each.name, each.mark && h('span', {class: 'mark'}, ` ${each.mark}`)),
    each.top1 !== null && h('div', {class: 'muted'}, `${percent(each.top1)} of ${plural(each.n, 'image')}`),
    each.id !== current.selection.class_id && h('div', {class: 'muted card-hint'}, 'Shift click compares'),
  );
/** Beside the point, on the side where there is more room. */
const placeCard = (plot, card, i) => {
  const [x, y] = screen(plot, i);
  const isLeft = x < plot.width / 2;
  card.style.left = isLeft ? `${x + 14}px` : 'auto';
  card.style.right = isLeft ? 'auto' : `${plot.width - x + 14}px`;
  card.style.top = `${Math.min(Math.max(4, y - 18), Math.max(4, plot.height - card.offsetHeight - 4))}px`;
};
const addPicture = async (plot, card, each, i) => {
  const run = current.run;
  const {preview} = await load(`preview/${each.id}`);
  if (!preview || run !== current.run || !card.isConnected) return;
  const image = exampleImage(preview, each.id);
  const isThere = !image.decode || (await image.decode().then(() => true, () => false)); // prettier-ignore
  if (!card.isConnected || !isThere) return;
  card.prepend(image);
  placeCard(plot, card, i);
};
const showCard = (plot, i) => {
  window.clearTimeout(timer);
  const stage = plot.canvas.parentElement;
  stage.querySelectorAll('.embedding-card').forEach((card) => card.remove());
  plot.hasCard = i >= 0;
  if (i < 0) return;
  const each = emb.run.classes[i];
  const card = buildCard(each);
  stage.append(card);
  placeCard(plot, card, i);
  timer = window.setTimeout(() => addPicture(plot, card, each, i), REST);
};
const point = (plot, i) => {
  if (i === plot.hover && plot.hasCard === i >= 0) return;
  const each = i < 0 ? null : emb.run.classes[i];
  showCard(plot, i);
  hover(each && each.id);
  markRow(each && each.id);
  plot.canvas.style.cursor = each ? 'pointer' : '';
};

// --- lasso --------------------------------------------------------------------------------------------------------
export const setLasso = (on) => {
  const {plot} = emb;
  plot.isLasso = on;
  plot.lasso = null;
  plot.canvas.classList.toggle('drawing', on);
  emb.tools.lasso.setAttribute('aria-pressed', String(on));
  redraw(plot);
};
/** Narrows the list to the classes that the path encloses; to all of them where it encloses all. */
const closeLasso = (plot) => {
  const places = plot.lasso && plot.lasso.length > 2 ? scatter.enclosed(plot.points, plot.view, plot.lasso) : [];
  setLasso(false);
  if (places.length)
    dispatch({only: places.length === emb.run.classes.length ? [] : places.map((i) => emb.run.classes[i].id).sort((a, b) => a - b)});
};

// --- gestures -----------------------------------------------------------------------------------------------------
const click = (plot, event) => {
  const i = under(plot, placeOf(event, plot));
  if (i < 0) return;
  const {id} = emb.run.classes[i];
  dispatch(event.shiftKey && id !== current.selection.class_id ? {vs: id, vs_run: null} : {class_id: id});
};
const middle = (fingers) => [0, 1].map((axis) => (fingers[0][axis] + fingers[1][axis]) / 2);
const apart = ([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]);
/** Two fingers zoom around their middle, and move with it. */
const pinch = (plot, before, now) => {
  const [x, y] = middle(now);
  const [oldX, oldY] = middle(before);
  const moved = {...plot.goal, x: plot.goal.x + x - oldX, y: plot.goal.y + y - oldY};
  look(plot, scatter.zoom(moved, apart(now) / Math.max(1, apart(before)), x, y));
};
/** Listens on the canvas of a plot. */
export const listen = (plot) => {
  const {canvas} = plot;
  const fingers = new Map();
  let start = null;
  const down = (event) => {
    if (event.button !== 0 || !plot.points) return;
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, placeOf(event, plot));
    start = fingers.size === 1 ? placeOf(event, plot) : null;
    if (plot.isLasso) plot.lasso = [placeOf(event, plot)];
  };
  const drag = (event) => {
    const [x, y] = placeOf(event, plot);
    const [oldX, oldY] = fingers.get(event.pointerId);
    if (plot.lasso) {
      plot.lasso.push([x, y]);
      fingers.set(event.pointerId, [x, y]);
      return redraw(plot);
    }
    if (fingers.size === 1 && !plot.drag && start && Math.hypot(x - start[0], y - start[1]) < STILL) return null;
    plot.drag = true;
    point(plot, -1);
    const before = [...fingers.values()];
    fingers.set(event.pointerId, [x, y]);
    if (fingers.size === 2) return pinch(plot, before, [...fingers.values()]);
    return look(plot, {...plot.goal, x: plot.goal.x + x - oldX, y: plot.goal.y + y - oldY});
  };
  const up = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    if (plot.lasso) closeLasso(plot);
    else if (!plot.drag && start && event.type === 'pointerup') click(plot, event);
    if (!fingers.size) plot.drag = false;
  };
  canvas.addEventListener('pointerdown', down);
  canvas.addEventListener('pointermove', (event) => {
    if (fingers.has(event.pointerId)) drag(event);
    else if (!plot.isLasso) point(plot, under(plot, placeOf(event, plot)));
  });
  canvas.addEventListener('pointerup', up);
  canvas.addEventListener('pointercancel', up);
  canvas.addEventListener('pointerleave', () => point(plot, -1));
  canvas.addEventListener('dblclick', () => look(plot, scatter.WHOLE));
  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 16 : 1;
      const [x, y] = placeOf(event, plot);
      point(plot, -1);
      look(plot, scatter.zoom(plot.goal, Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)), x, y));
    },
    {passive: false},
  );
};
