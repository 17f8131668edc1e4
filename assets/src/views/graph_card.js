// @ts-check
/* What stands beside a node or an edge under the pointer or in focus: who uses it, its pictures, its dataset examples.

   The pointer passes through it to the graph beneath, but for a pointer on its way to it, and where its channel is pinned. */
import * as current from '../current.js';
import {load} from '../data.js';
import {h, icon} from '../dom.js';
import {labels} from '../labels.js';
import {picture, visualization} from '../pictures.js';
import {leadsInto, placeClear} from '../widgets/place.js';
import {tellSuggestion} from './channel_label.js';
import {exampleButton, tellExample} from './example.js';
import {getFrame, hasFrame} from './graph_frame.js';
import {pin} from './graph_hover.js';
import {getContext, getLit} from './graph_scene.js';
import {boxOf, getStageSize} from './graph_viewport.js';

const N_EXAMPLES = 10;
const WAIT = 120; /* ms before pictures are asked for, so that a passing pointer asks for nothing */
const LINGER = 220;
let owner = null; /* what the card is about: {id, along(event, box), isFilled}; one goes on purpose to one that is filled */
let timer = null;
let closing = null;

// --- place ----------------------------------------------------------------------------------------------------------
/** The part of the stage that no panel lies over. */
const findRoom = () => {
  const {left} = getFrame().stage.getBoundingClientRect();
  const panels = [...document.querySelectorAll('.compare-panel:not([hidden]), .panel:not([hidden])')];
  const {width, height} = getStageSize();
  return {width: Math.min(width, ...panels.map((each) => each.getBoundingClientRect().left - left)), height};
};
/** Puts the card where it covers nothing of what is lit; in its small form where it has no such place else. */
const place = (box) => {
  const {card} = getFrame();
  const lit = getLit().nodes.map(boxOf);
  const room = findRoom();
  const put = (isSmall) => {
    card.classList.toggle('is-small', isSmall);
    return placeClear(box, {width: card.offsetWidth, height: card.offsetHeight}, room, lit);
  };
  const large = put(false);
  const {left, top} = large.covered ? put(true) : large;
  card.style.left = `${left}px`;
  card.style.top = `${top}px`;
};
const open = (id, box, content) => {
  keepCard();
  const {card} = getFrame();
  card.classList.toggle('is-held', current.selection.pins.includes(id));
  card.replaceChildren(...content);
  card.dataset.of = id;
  card.hidden = false;
  place(box);
};
export const hideCard = () => {
  window.clearTimeout(timer);
  keepCard();
  owner = null;
  if (hasFrame()) getFrame().card.hidden = true;
};
// --- the pointer's way ----------------------------------------------------------------------------------------------
const LEAST_WAY = 6; /* pixels of a movement that has a direction */
let way = {from: {x: 0, y: 0}, to: {x: 0, y: 0}};
let isComing = false; /* the pointer is on its way to the card */
let ending = null; /* what follows when the card closes by itself */
const hold = () => {
  const {card} = getFrame();
  isComing = Boolean(owner) && owner.isFilled && leadsInto(way, card.getBoundingClientRect());
  card.classList.toggle('is-held', isComing || current.selection.pins.includes(owner && owner.id));
};
/** Whether the pointer has left what the card is about and goes to the card: what it passes is not meant. */
export const isHeld = () => closing !== null && isComing;
/** Closes the card after a moment, in which the pointer may reach it. */
export const leaveCard = (then) => {
  keepCard();
  hold();
  ending = then;
  closing = window.setTimeout(() => {
    closing = null;
    const {card} = getFrame();
    if (card.matches(':hover') || card.contains(document.activeElement)) return;
    hideCard();
    then();
  }, LINGER);
};
export const keepCard = () => {
  window.clearTimeout(closing);
  closing = null;
};
/** Follows the pointer over the stage. While it goes on towards the card, the card stays. */
export const followPointer = ({clientX: x, clientY: y}) => {
  if (Math.hypot(x - way.to.x, y - way.to.y) < LEAST_WAY) return;
  way = {from: way.to, to: {x, y}};
  if (isHeld()) leaveCard(ending);
};

// --- parts ----------------------------------------------------------------------------------------------------------
const buildExamples = (n) =>
  h(
    'div',
    {class: 'card-examples'},
    Array.from({length: n}, (_, at) => h('span', {class: 'picture', 'data-rank': at})),
  );
const fillExamples = (box, {layer, channel, run}, examples) => {
  const at = {layer, channel, run, owner: 'all'};
  const theirs = run ? getContext().other : current.run;
  [...box.children].forEach((frame, place) => {
    if (place >= examples.rank.length) frame.remove();
    else frame.replaceWith(exampleButton(at, examples, place, theirs, {'data-tip': tellExample(examples, place, theirs).join('\n')}));
  });
};
const kindsOf = (payload) => {
  const diverse = payload.kinds.filter((kind) => kind.startsWith('diversity-'));
  return [payload.kinds.includes('channel') ? 'channel' : null, ...diverse].filter(Boolean);
};
const tellKind = (kind) => (kind === 'channel' ? 'feature visualization' : kind.replace('-', ' '));

/** The big picture; moving along it, or the arrow keys, goes through the kinds of feature visualization. */
const buildScrub = ({layer, channel, picture: kind, run}) => {
  const image = kind ? h('img', {src: picture(layer, channel, run), alt: '', width: 128, height: 128}) : null;
  const frame = h('div', {class: `picture scrub${kind ? '' : ' bare'}`}, image);
  const caption = h(
    'span',
    {class: 'caption'},
    kind === 2 ? 'best dataset example, no visualization' : kind ? 'feature visualization' : 'no picture in this run',
  );
  return {frame, image, caption};
};
const armScrub = ({frame, image, caption}, at, kinds) => {
  let now = 0;
  const show = (wanted) => {
    const next = Math.min(kinds.length - 1, Math.max(0, wanted));
    frame.setAttribute('aria-valuenow', next);
    frame.setAttribute('aria-valuetext', tellKind(kinds[next]));
    if (next === now) return;
    now = next;
    const kind = kinds[next];
    image.src = kind === 'channel' ? picture(at.layer, at.channel, at.run) : visualization(at.layer, at.channel, kind, at.run);
    caption.textContent = `${tellKind(kind)} · ${next + 1} of ${kinds.length}`;
  };
  const along = (x, box) => show(Math.floor(((x - box.left) / (box.right - box.left)) * kinds.length));
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
  frame.addEventListener('pointermove', (event) => along(event.clientX, frame.getBoundingClientRect()));
  frame.addEventListener('keydown', (event) => {
    const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    show(now + step);
  });
  return along;
};
/** Why nothing leads from a channel to the last layer, where that is so. */
const loadReason = async (at) => {
  const {classes, comparison} = getContext();
  if (comparison || at.added || current.selection.chosen === 'effect') return null;
  const {reasons} = await load(`class/${classes[0].id}/ends`);
  return (reasons && reasons[at.id]) || null;
};

// --- cards ----------------------------------------------------------------------------------------------------------
const pinButton = (id) => {
  const pinned = current.selection.pins.includes(id);
  return h('button', {type: 'button', class: 'tool', 'aria-pressed': String(pinned), 'data-tip': 'Draw only what is connected with pinned channels  p', onclick: () => pin(id)},
    icon('pin'), pinned ? 'pinned' : 'pin'); // prettier-ignore
};
const note = (text, className = '') => h('div', {class: `card-note ${className}`}, text);
/** The card of a channel, beside a box of the stage; `notes` are lines about it, `canPin` where it is a node of the graph. */
export const showCard = (at, box, notes, canPin = true) => {
  if (owner && owner.id === at.id) return keepCard();
  window.clearTimeout(timer);
  const scrub = buildScrub(at);
  const examples = buildExamples(at.picture ? N_EXAMPLES : 0);
  const mine = (owner = {id: at.id, along: null, isFilled: false});
  const label = at.run ? '' : labels.nameOf(at.layer, at.channel); /* labels are those of the run that is shown */
  open(at.id, box, [
    h('div', {class: 'card-head'}, h('b', {}, at.id), canPin ? pinButton(at.id) : null),
    label ? h('div', {class: 'card-label'}, label) : null,
    ...notes.map((text) => note(text)),
    at.surprise ? note(at.surprise, 'card-surprise') : null,
    h('div', {class: 'card-body'}, h('div', {}, scrub.frame, scrub.caption), examples),
  ].filter(Boolean)); // prettier-ignore
  timer = window.setTimeout(async () => {
    const [payload, reason] = await Promise.all([load(`channel/${at.layer}/${at.channel}`, at.run), canPin ? loadReason(at) : null]);
    if (owner !== mine || payload.problem) return;
    mine.isFilled = true;
    fillExamples(examples, at, payload.examples);
    const kinds = kindsOf(payload);
    if (payload.found_dead) scrub.caption.textContent = at.picture ? 'best dataset example, visualization dead' : 'dead: no picture';
    if (kinds.length > 1 && scrub.image) mine.along = armScrub(scrub, at, kinds);
    /* What comes late stands last, so that nothing moves under the pointer. */
    if (reason) getFrame().card.append(note(reason, 'card-reason'));
    if (payload.suggestion && !label && !at.run)
      getFrame().card.append(
        h(
          'div',
          {class: 'card-note card-suggestion', 'data-tip': tellSuggestion(payload.suggestion)},
          `suggested label: ${payload.suggestion.label}`,
        ),
      );
    place(box);
  }, WAIT);
};
/** Goes through the visualizations as the pointer moves across the node itself. */
export const scrubAlong = (event, box) => {
  const stage = getFrame().stage.getBoundingClientRect();
  if (owner && owner.along) owner.along(event.clientX - stage.left, box);
};
/** The card of an influence: its two ends with their first dataset examples. */
export const showEdgeCard = (id, ends, notes, point) => {
  if (owner && owner.id === id) return keepCard();
  window.clearTimeout(timer);
  const mine = (owner = {id, along: null, isFilled: false});
  const columns = ends.map((at) => ({at, box: buildExamples(at.picture ? 4 : 0)}));
  open(id, {left: point.x - 8, right: point.x + 8, top: point.y - 20, bottom: point.y + 8}, [
    h('div', {class: 'card-head'}, h('b', {}, `${ends[0].id} → ${ends[1].id}`)),
    ...notes.map((text) => note(text)),
    h('div', {class: 'card-ends'}, columns.map(({at, box}) => h('div', {}, h('span', {class: 'caption'}, at.id), box))),
  ]); // prettier-ignore
  timer = window.setTimeout(async () => {
    const payloads = await Promise.all(ends.map(({layer, channel, run}) => load(`channel/${layer}/${channel}`, run)));
    if (owner !== mine) return;
    mine.isFilled = true;
    columns.forEach(({at, box}, place) => payloads[place].problem || fillExamples(box, at, payloads[place].examples));
  }, WAIT);
};
