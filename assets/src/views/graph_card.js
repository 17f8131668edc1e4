// @ts-check
/* What stands beside a node or an edge under the pointer or in focus: who uses it, its pictures, its dataset examples. */
import * as current from '../current.js';
import {load} from '../data.js';
import {h, icon} from '../dom.js';
import {labels} from '../labels.js';
import * as pictures from '../pictures.js';
import {example, visualization} from '../pictures.js';
import {tellSuggestion} from './channel_label.js';
import {pin} from './graph_hover.js';
import {graph} from './graph_state.js';
import {stageSize} from './graph_viewport.js';

const N_EXAMPLES = 10;
const WAIT = 120; /* ms before pictures are asked for, so that a passing pointer asks for nothing */
const LINGER = 220;
let owner = null; /* what the card is about: {id, show(index)} */
let timer = null;
let closing = null;

// --- place --------------------------------------------------------------------------------------------------------
/** Beside a box in the stage, {left, right, top, bottom}, where there is room; else below or above it. */
const place = (box) => {
  const {card} = graph.frame;
  const {width, height} = stageSize();
  const own = {width: card.offsetWidth, height: card.offsetHeight};
  const fitsRight = box.right + 10 + own.width <= width;
  const fitsLeft = box.left - 10 - own.width >= 0;
  const below = box.bottom + 10 + own.height <= height;
  const middle = (box.left + box.right - own.width) / 2;
  const left = fitsRight ? box.right + 10 : fitsLeft ? box.left - 10 - own.width : Math.max(4, Math.min(middle, width - own.width - 4));
  const top = fitsRight || fitsLeft ? Math.min(box.top, height - own.height - 4) : below ? box.bottom + 10 : box.top - own.height - 24;
  card.style.left = `${left}px`;
  card.style.top = `${Math.max(4, top)}px`;
};
const boxOf = (element) => {
  const stage = graph.frame.stage.getBoundingClientRect();
  const box = element.getBoundingClientRect();
  return {left: box.left - stage.left, right: box.right - stage.left, top: box.top - stage.top, bottom: box.bottom - stage.top};
};
const open = (id, box, content) => {
  window.clearTimeout(closing);
  const {card} = graph.frame;
  card.replaceChildren(...content);
  card.dataset.of = id;
  card.hidden = false;
  place(box);
};
export const hideCard = () => {
  window.clearTimeout(timer);
  window.clearTimeout(closing);
  owner = null;
  if (graph.frame) graph.frame.card.hidden = true;
};
/** Closes the card after a moment, in which the pointer may reach it. */
export const leaveCard = (then) => {
  window.clearTimeout(closing);
  closing = window.setTimeout(() => {
    const {card} = graph.frame;
    if (card.matches(':hover') || card.contains(document.activeElement)) return;
    hideCard();
    then();
  }, LINGER);
};
export const keepCard = () => window.clearTimeout(closing);

// --- parts --------------------------------------------------------------------------------------------------------
const buildExamples = (at, n) =>
  h(
    'div',
    {class: 'card-examples'},
    Array.from({length: n}, (_, place) => h('span', {class: 'picture', 'data-rank': place})),
  );
const fillExamples = (box, {layer, channel, run}, ranks) => {
  [...box.children].forEach((frame, place) => {
    if (place >= ranks.length) frame.remove();
    else frame.replaceChildren(h('img', {src: example(layer, channel, 'all', ranks[place], run), alt: '', width: 44, height: 44}));
  });
};
const kindsOf = (payload) => {
  const diverse = payload.kinds.filter((kind) => kind.startsWith('diversity-'));
  return [payload.kinds.includes('channel') ? 'channel' : null, ...diverse].filter(Boolean);
};
const tellKind = (kind) => (kind === 'channel' ? 'feature visualization' : kind.replace('-', ' '));

/** The big picture; moving along it, or the arrow keys, goes through the kinds of feature visualization. */
const buildScrub = ({layer, channel, picture, run}) => {
  const image = picture ? h('img', {src: pictures.picture(layer, channel, run), alt: '', width: 128, height: 128}) : null;
  const frame = h('div', {class: `picture scrub${picture ? '' : ' bare'}`}, image);
  const caption = h(
    'span',
    {class: 'caption'},
    picture === 2 ? 'best dataset example, no visualization' : picture ? 'feature visualization' : 'no picture in this run',
  );
  return {frame, image, caption};
};
const armScrub = ({frame, image, caption}, at, kinds) => {
  let now = 0;
  const show = (place) => {
    const next = Math.min(kinds.length - 1, Math.max(0, place));
    frame.setAttribute('aria-valuenow', next);
    frame.setAttribute('aria-valuetext', tellKind(kinds[next]));
    if (next === now) return;
    now = next;
    const kind = kinds[next];
    image.src = kind === 'channel' ? pictures.picture(at.layer, at.channel, at.run) : visualization(at.layer, at.channel, kind, at.run);
    caption.textContent = `${tellKind(kind)} · ${next + 1} of ${kinds.length}`;
  };
  const along = (event, box) => show(Math.floor(((event.clientX - box.left) / box.width) * kinds.length));
  Object.entries({
    role: 'slider',
    tabindex: 0,
    'aria-label': `Visualizations of ${at.id}`,
    'aria-valuemin': 0,
    'aria-valuemax': kinds.length - 1,
  }).forEach(([name, value]) => frame.setAttribute(name, value));
  show(0);
  frame.append(
    h(
      'span',
      {class: 'scrub-steps', 'aria-hidden': 'true'},
      kinds.map(() => h('i')),
    ),
  );
  caption.textContent = `feature visualization · 1 of ${kinds.length}`;
  frame.addEventListener('pointermove', (event) => along(event, frame.getBoundingClientRect()));
  frame.addEventListener('keydown', (event) => {
    const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    show(now + step);
  });
  return along;
};

// --- cards --------------------------------------------------------------------------------------------------------
const pinButton = (id) => {
  const pinned = current.selection.pins.includes(id);
  return h('button', {type: 'button', class: 'tool', 'aria-pressed': String(pinned), 'data-tip': 'Draw only what is connected with pinned channels  p', onclick: () => pin(id)},
    icon('pin'), pinned ? 'pinned' : 'pin'); // prettier-ignore
};
/** The card of a channel, beside an element; `notes` are lines about it, `canPin` where it is a node of the graph. */
export const showCard = (at, element, notes, canPin = true) => {
  if (owner && owner.id === at.id) return keepCard();
  window.clearTimeout(timer);
  const scrub = buildScrub(at);
  const examples = buildExamples(at, at.picture ? N_EXAMPLES : 0);
  const mine = (owner = {id: at.id, along: null});
  const label = at.run ? '' : labels.of(at.layer, at.channel); /* labels are those of the run that is shown */
  open(at.id, boxOf(element), [
    h('div', {class: 'card-head'}, h('b', {}, at.id), canPin ? pinButton(at.id) : null),
    label ? h('div', {class: 'card-label'}, label) : null,
    notes.map((text) => h('div', {class: 'card-note'}, text)),
    h('div', {class: 'card-body'}, h('div', {}, scrub.frame, scrub.caption), examples),
  ].flat().filter(Boolean)); // prettier-ignore
  timer = window.setTimeout(async () => {
    const payload = await load(`channel/${at.layer}/${at.channel}`, at.run);
    if (owner !== mine || payload.problem) return;
    fillExamples(examples, at, payload.examples.rank.slice(0, N_EXAMPLES));
    const kinds = kindsOf(payload);
    if (payload.found_dead) scrub.caption.textContent = at.picture ? 'best dataset example, visualization dead' : 'dead: no picture';
    if (payload.suggestion && !label && !at.run) suggestBelow(payload.suggestion, element);
    if (kinds.length > 1 && scrub.image) mine.along = armScrub(scrub, at, kinds);
  }, WAIT);
};
/** A suggested label stands last, so that nothing moves under the pointer. */
const suggestBelow = (suggestion, element) => {
  graph.frame.card.append(
    h('div', {class: 'card-note card-suggestion', 'data-tip': tellSuggestion(suggestion)}, `suggested label: ${suggestion.label}`),
  );
  place(boxOf(element));
};
/** Goes through the visualizations as the pointer moves across the node itself. */
export const scrubAlong = (event, element) => {
  if (owner && owner.along) owner.along(event, element.getBoundingClientRect());
};
/** The card of an influence: its two ends with their first dataset examples. */
export const showEdgeCard = (id, ends, notes, point) => {
  if (owner && owner.id === id) return keepCard();
  window.clearTimeout(timer);
  const mine = (owner = {id, along: null});
  const columns = ends.map((at) => ({at, box: buildExamples(at, at.picture ? 4 : 0)}));
  open(id, {left: point.x - 8, right: point.x + 8, top: point.y - 20, bottom: point.y + 8}, [
    h('div', {class: 'card-head'}, h('b', {}, `${ends[0].id} → ${ends[1].id}`)),
    ...notes.map((text) => h('div', {class: 'card-note'}, text)),
    h('div', {class: 'card-ends'}, columns.map(({at, box}) => h('div', {}, h('span', {class: 'caption'}, at.id), box))),
  ]); // prettier-ignore
  timer = window.setTimeout(async () => {
    const payloads = await Promise.all(ends.map(({layer, channel, run}) => load(`channel/${layer}/${channel}`, run)));
    if (owner !== mine) return;
    columns.forEach(({at, box}, place) => payloads[place].problem || fillExamples(box, at, payloads[place].examples.rank.slice(0, 4)));
  }, WAIT);
};
