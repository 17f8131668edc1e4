// @ts-check
/* The keyboard's way through the graph: a list of its channels off the screen, because a canvas has nothing to focus.
   Arrows go along a layer and along the strongest influences; the channel that the list is at is marked on the paper. */
import * as current from '../current.js';
import {h} from '../dom.js';
import {plural} from '../format.js';
import {hideCard} from './graph_card.js';
import {getFrame} from './graph_frame.js';
import {lightNode, open, pin, tellUse, unlight} from './graph_hover.js';
import {chosenId, getContext, getScene, isShown, mark, nameOf, nodeOf, shownOf} from './graph_scene.js';
import {getTray, openGhost, tellGhost} from './graph_tray.js';
import {reveal, zoomBy} from './graph_viewport.js';

const PART_WORDS = {shared: 'in both graphs', 'only-a': 'only in the graph of A', 'only-b': 'only in the graph of B', '': ''};
let cursor = null; /* key of a node, or the id of a source in the tray behind "ghost " */
let options = new Map();

const tellNode = (node) =>
  [node.id, nameOf(node), ...tellUse(node), PART_WORDS[node.part], node.added && 'beyond the graph', node.surprise]
    .filter(Boolean)
    .join(', ');
const ordered = () => shownOf(getScene().nodes).sort((a, b) => a.node.y - b.node.y || a.node.x - b.node.x);
const isGhost = () => Boolean(cursor && cursor.startsWith('ghost '));
const nodeAt = () => {
  const each = cursor && !isGhost() && getScene().nodes.get(cursor);
  return each && isShown(each) ? each : null;
};

/** Lists the channels that are shown, and the sources in the tray. */
export const listChannels = () => {
  const {channels} = getFrame();
  if (!getScene()) return channels.replaceChildren();
  const {classes} = getContext();
  const {edges} = getScene();
  const nodes = ordered();
  options = new Map();
  const add = (key, label) => {
    const attributes = {
      id: `graph-channel-${options.size}`,
      role: 'option',
      'aria-label': label,
      'aria-selected': 'false',
      'data-option': key,
    };
    options.set(key, h('div', attributes));
  };
  nodes.forEach((each) => add(each.node.key, tellNode(each.node)));
  getTray().forEach((at) => add(`ghost ${at.id}`, `${at.id}, not in the graph, ${tellGhost(at)}`));
  const whose = classes.map((each) => each.name).join(' and ');
  channels.setAttribute(
    'aria-label',
    `Attribution graph of ${whose}: ${plural(nodes.length, 'channel')}, ${plural(shownOf(edges).length, 'influence')}`,
  );
  channels.replaceChildren(...options.values());
  showCursor();
};
const isFocused = () => document.activeElement === getFrame().channels;
/** Says where the cursor is, to people and to readers of the screen. */
const showCursor = () => {
  const {channels} = getFrame();
  if (!options.has(cursor)) cursor = options.keys().next().value || null;
  const chosen = chosenId();
  options.forEach((option, key) =>
    option.setAttribute('aria-selected', String((isNode(key) ? getScene().nodes.get(key).node.id : key.slice(6)) === chosen)),
  );
  if (cursor) channels.setAttribute('aria-activedescendant', options.get(cursor).id);
  else channels.removeAttribute('aria-activedescendant');
  mark('cursor', (each) => isFocused() && each.node.key === cursor);
};
const isNode = (key) => !key.startsWith('ghost ');
/** The cursor goes to the chosen channel. */
export const moveCursorToChosen = () => {
  const each = chosenId() && nodeOf(chosenId());
  if (each && (!nodeAt() || nodeAt().node.id !== each.node.id)) cursor = each.node.key;
  showCursor();
};
const moveTo = (key) => {
  if (!key || !options.has(key)) return;
  cursor = key;
  showCursor();
  const each = nodeAt();
  if (!each) return;
  reveal(each);
  lightNode(each);
};

// --- keys -----------------------------------------------------------------------------------------------------------
const inLayer = (each, step) => {
  const row = shownOf(getScene().nodes)
    .filter((other) => other.node.layer === each.node.layer)
    .sort((a, b) => a.node.x - b.node.x || a.node.y - b.node.y);
  return row[row.indexOf(each) + step];
};
/** The channel at the other end of the strongest influence; a way through channels that are not drawn counts where there is none. */
const along = (each, edges, end) => {
  const isWay = ({edge}) => Number(Boolean(edge.way));
  const [strongest] = edges.filter(isShown).sort((a, b) => isWay(a) - isWay(b) || b.edge.width - a.edge.width);
  return strongest && strongest[end];
};
const DOWN = {ArrowLeft: 'before', ArrowRight: 'after', ArrowUp: 'out', ArrowDown: 'into'};
const RIGHT = {ArrowUp: 'before', ArrowDown: 'after', ArrowRight: 'out', ArrowLeft: 'into'};
const firstGhost = (each) => (nodeOf(chosenId()) === each && getTray().length ? `ghost ${getTray()[0].id}` : null);
const WAYS = {
  before: (each) => inLayer(each, -1),
  after: (each) => inLayer(each, 1),
  out: (each) => along(each, each.out, 'target'),
  into: (each) => along(each, each.into, 'source'),
};
const stepInTray = (step) => {
  const ids = getTray().map((at) => `ghost ${at.id}`);
  moveTo(ids[ids.indexOf(cursor) + step]);
};
const steer = (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !getScene()) return;
  const each = nodeAt();
  const way = (current.selection.direction === 'right' ? RIGHT : DOWN)[event.key];
  const opens = event.key === 'Enter' || event.key === ' ';
  if (isGhost() && opens) openGhost(cursor.slice(6));
  else if (isGhost() && way)
    way === 'before' || way === 'after'
      ? stepInTray(way === 'before' ? -1 : 1)
      : moveTo(way === 'out' && [...options.keys()].find((key) => isNode(key) && key === chosenKey()));
  else if (each && opens) open(each);
  else if (each && way) moveTo((WAYS[way](each) || {node: {}}).node.key || (way === 'into' ? firstGhost(each) : null));
  else if (each && event.key === 'p') pin(each.node.id);
  else if (event.key === 'Home' || event.key === 'End') moveTo([...options.keys()].at(event.key === 'Home' ? 0 : -1));
  else return;
  event.preventDefault();
  event.stopPropagation();
};
const chosenKey = () => (nodeOf(chosenId()) || {node: {}}).node.key;
const isTyping = (target) => target.matches('input:not([type=range]), textarea, select, [contenteditable]');
const pinChosen = () => chosenId() && nodeOf(chosenId()) && pin(chosenId());
const KEYS = {'+': () => zoomBy(1.3), '=': () => zoomBy(1.3), '-': () => zoomBy(1 / 1.3), p: pinChosen};

export const bindChannels = () => {
  const {channels, pane, card} = getFrame();
  Object.entries({role: 'listbox', tabindex: 0, 'aria-label': 'Attribution graph'}).forEach(([name, value]) =>
    channels.setAttribute(name, value),
  );
  channels.addEventListener('keydown', steer);
  channels.addEventListener('focus', () => {
    if (!getScene()) return;
    moveCursorToChosen();
    if (channels.matches(':focus-visible') && nodeAt()) lightNode(nodeAt());
  });
  channels.addEventListener('blur', (event) => {
    if (!getScene()) return;
    mark('cursor', () => false);
    if (card.contains(event.relatedTarget)) return;
    hideCard();
    unlight();
  });
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (!KEYS[event.key] || !getScene() || !pane.offsetParent) return;
    event.preventDefault();
    KEYS[event.key]();
  });
};
