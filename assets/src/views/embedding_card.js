// @ts-check
/* What is said of one class of the embedding: a ring around its point, and its name or a card with an example. */
import * as current from '../current.js';
import {load} from '../data.js';
import {h} from '../dom.js';
import {percent, plural} from '../format.js';
import {isThere, toScreen} from '../model/points.js';
import {exampleImage} from '../pictures.js';
import {placeBeside} from '../widgets/place.js';
import {emb, stage} from './embedding_state.js';

const REST = 80; /* ms before the picture of a class is asked for */
let timer = null;

/** Rings a point, or none; its name is beside it unless a card says more. */
export const pointAt = (i, hasCard = false) => {
  const {plot, ring} = emb;
  plot.hover = i;
  ring.hidden = i < 0 || !plot.points || !isThere(plot, i);
  if (i < 0) delete stage().dataset.hover;
  else stage().dataset.hover = emb.run.classes[i].id;
  if (ring.hidden) return;
  const [x, y] = toScreen(plot, i);
  const {name, mark} = emb.run.classes[i];
  ring.style.transform = `translate(${x}px, ${y}px)`;
  ring.classList.toggle('at-left', x > plot.width / 2);
  ring.replaceChildren(hasCard ? '' : h('span', {}, [name, mark].filter(Boolean).join(' ')));
};

const buildCard = (each) =>
  h(
    'div',
    {class: 'embedding-card', 'aria-hidden': 'true'},
    h('div', {class: 'card-name'}, each.name, each.mark && h('span', {class: 'mark'}, ` ${each.mark}`)),
    each.top1 !== null && h('div', {class: 'muted'}, `${percent(each.top1)} of ${plural(each.n, 'image')}`),
    each.id !== current.selection.class_id && h('div', {class: 'muted card-hint'}, 'Shift click compares'),
  );
/** Beside the point, on the side where there is more room. */
const placeCard = (card, i) => {
  const {plot} = emb;
  const [x, y] = toScreen(plot, i);
  const at = {left: x, right: x, top: y, bottom: y};
  const own = {width: card.offsetWidth, height: card.offsetHeight};
  const {left, top} = placeBeside(at, own, plot, [x < plot.width / 2 ? 'right' : 'left'], 14, 4);
  card.style.left = `${left}px`;
  card.style.top = `${top}px`;
};
const addPicture = async (card, each, i) => {
  const run = current.run;
  const {preview} = await load(`preview/${each.id}`);
  if (!preview || run !== current.run || !card.isConnected) return;
  const image = /** @type {any} */ (exampleImage(preview, each.id));
  const isDecoded = !image.decode || (await image.decode().then(() => true, () => false)); // prettier-ignore
  if (!card.isConnected || !isDecoded) return;
  card.prepend(image);
  placeCard(card, i);
};
/** Shows the card of a class: name, accuracy, one of its dataset examples; or none. */
export const showCard = (i) => {
  window.clearTimeout(timer);
  stage()
    .querySelectorAll('.embedding-card')
    .forEach((card) => card.remove());
  pointAt(i, i >= 0);
  if (i < 0) return;
  const card = buildCard(emb.run.classes[i]);
  stage().append(card);
  placeCard(card, i);
  timer = window.setTimeout(() => addPicture(card, emb.run.classes[i], i), REST);
};
