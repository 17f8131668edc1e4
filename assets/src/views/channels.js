// @ts-check
/* Every channel of a layer as a wall of pictures, with search, orders and filters above it. */
import * as current from '../current.js';
import {load} from '../data.js';
import {action, emptyState, h, icon, term} from '../dom.js';
import {channelId, count, of, percent, plural} from '../format.js';
import {labels} from '../labels.js';
import {remember} from '../memory.js';
import {channels} from '../model/channels.js';
import * as pictures from '../pictures.js';
import {dispatch} from '../selection.js';
import {changed, view} from '../views.js';
import {saveFile} from '../widgets/download.js';
import {buildSegments, pressSegment} from '../widgets/segments.js';
import {CHANNEL_USE_TIP, buildChannelUse} from './channel_use.js';
import {buildWall} from './channel_wall.js';

const {ORDERS, SIZES, find, flagged, fractions} = channels;
const EXAMPLE = 2; /* payloads/of_class.py: a dataset example stands for the channel */
const FLAGS = {
  all: ['All', null],
  dead: ['Dead', 'Never above 0 on any image.'],
  outlier: ['Outliers', 'Among the strongest channels of so many images that they tell little about any class.'],
};
const pane = () => document.getElementById('channels');
let parts = null; /* the elements that stay: tools, scroller, wall */
let wall = null; /* channel_wall.js */
let payload = null;
let bars = null; /* along the channels: the length of the bar */
let found = []; /* channels in the order of the wall */
let text = '';
let size = 'M';

// --- tools --------------------------------------------------------------------------------------------------------
const ORDER_TIPS = {
  use: 'By the number of classes that use the channel.',
  graphs: 'By the number of classes whose attribution graph holds the channel.',
  fraction: 'By the share of all images among whose strongest channels it is.',
  activation: 'By the greatest activation over all images.',
  number: 'By the number of the channel.',
};
const setSize = (name) => {
  const kept = anchor();
  size = name;
  remember('tile-size', name);
  pressSegment(parts.sizes, name);
  layOut(kept);
};
const LABEL_FILES = {json: ['application/json', labels.toJson], csv: ['text/csv', labels.toCsv]};
const saveLabels = (kind) => {
  const [type, write] = LABEL_FILES[kind];
  saveFile(`${current.run.name}-labels.${kind}`, type, write(labels.all()));
};
const choiceOf = (field, name, text, tip) => ({name, text, 'data-action': JSON.stringify({[field]: name}), 'data-tip': tip});
const buildTools = () => {
  const names = {placeholder: 'Number or label', 'aria-label': 'Find channels by number or label'};
  const plain = {type: 'text', autocomplete: 'off', spellcheck: 'false'};
  const search = h('input', {...plain, ...names, oninput: onSearch, onkeydown: onSearchKey});
  const ofOrders = Object.entries(ORDERS).map(([name, order]) => choiceOf('order', name, order.name, ORDER_TIPS[name]));
  const ofFlags = Object.entries(FLAGS).map(([name, [text, tip]]) => choiceOf('flag', name, text, tip));
  const ofSizes = Object.keys(SIZES).map((name) => ({
    name,
    text: name,
    'aria-label': `Tiles of size ${name}`,
    onclick: () => setSize(name),
  }));
  const orders = buildSegments('Order', ofOrders);
  const flags = buildSegments('Filter', ofFlags);
  const sizes = buildSegments('Size of tiles', ofSizes);
  pressSegment(sizes, size);
  const count = h('span', {class: 'channel-count', role: 'status'});
  const labels = h('span', {class: 'label-files', hidden: true});
  const pictures = h('span', {class: 'picture-count'});
  const line = h('div', {class: 'channel-line'}, flags, count, pictures, labels, sizes);
  const title = h('h1', {class: 'channels-title'});
  const tools = h('div', {class: 'channel-tools'}, title, h('label', {class: 'search'}, icon('search'), search), orders);
  return {tools, title, search, orders, flags, sizes, count, pictures, labels, line};
};
const build = () => {
  size = SIZES[remember('tile-size')] ? remember('tile-size') : 'M';
  parts = buildTools();
  parts.useBody = h('div', {class: 'use-body'});
  const title = h('summary', {'data-tip': CHANNEL_USE_TIP}, 'Use of the channels by layer');
  parts.use = h('details', {class: 'channel-use', open: remember('use-folded') !== true}, title, parts.useBody);
  parts.use.addEventListener('toggle', () => remember('use-folded', !parts.use.open));
  parts.none = h('div', {class: 'wall-none', hidden: true});
  parts.scroller = h('div', {class: 'wall-scroller'}, parts.use, parts.none);
  wall = buildWall(parts.scroller, tile);
  parts.scroller.append(wall.element);
  pane().replaceChildren(parts.tools, parts.line, parts.scroller);
  new ResizeObserver(() => payload && parts.scroller.clientWidth && layOut(anchor())).observe(parts.scroller);
};

// --- tiles --------------------------------------------------------------------------------------------------------
const tell = (channel) => {
  const classes = current.run.classes.length;
  const images = current.run.facts.n_images;
  const {n_classes: uses, n_graphs: graphs, activation_fraction: shares, max_activation: most} = payload;
  return [
    uses && `Used by ${of(uses[channel], classes)} classes`,
    graphs && `In the graphs of ${of(graphs[channel], classes)} classes`,
    shares && `Strong on ${percent(shares[channel])} of ${count(images)} images`,
    most && `Greatest activation ${most[channel].toPrecision(3)}, over ${count(images)} images`,
    parts.foundDead.has(channel) && 'No feature visualization: the objective never rose above its start',
  ].filter(Boolean);
};
const picture = (channel) => {
  const kind = payload.picture[channel];
  if (!kind) return h('span', {class: 'picture bare'});
  const [src, side] = [pictures.picture(payload.layer, channel), wall.picture()];
  return h(
    'span',
    {class: `picture${kind === EXAMPLE ? ' example' : ''}`},
    h('img', {src, alt: '', decoding: 'async', width: side, height: side}),
  );
};
/** What is wrong with a channel, in a word. */
const flawOf = (channel) =>
  (parts.dead.has(channel) && 'dead') ||
  (parts.outliers.has(channel) && 'outlier') ||
  (parts.foundDead.has(channel) && 'undrawable') ||
  null;
const tile = (place, column) => {
  const channel = found[place];
  const {layer} = payload;
  const label = labels.nameOf(layer, channel);
  const told = tell(channel);
  const id = channelId(layer, channel);
  const flaw = flawOf(channel);
  const isChosen = current.selection.layer === layer && current.selection.channel === channel;
  const names = {
    'data-tip': [label ? `${id}: ${label}` : id, ...told].join('\n'),
    'aria-label': [id, label, flaw, told[0]].filter(Boolean).join(', '),
    'aria-selected': String(isChosen),
    'aria-colindex': column + 1,
  };
  return action(
    {layer, channel},
    {class: 'tile', role: 'gridcell', 'data-tile': id, 'data-place': place, ...names},
    picture(channel),
    flaw && h('span', {class: 'tile-flag'}, flaw),
    h('span', {class: 'tile-name'}, h('span', {}, String(channel)), label && h('span', {class: 'tile-label'}, label)),
    bars && h('span', {class: 'bar'}, h('span', {style: `width:${(100 * Math.min(1, bars[channel])).toFixed(1)}%`})),
  );
};
/** The channel that keeps its place while the wall changes: the chosen one, else the first in view. */
const anchor = () => {
  const {channel} = current.selection;
  if (channel !== null && found.includes(channel)) return channel;
  const first = wall.firstInView();
  return first === null ? null : found[first];
};
const layOut = (kept = null) => {
  const place = found.indexOf(kept);
  wall.layOut(found.length, size, place < 0 ? null : place);
};

// --- search -------------------------------------------------------------------------------------------------------
const onSearch = () => {
  text = parts.search.value;
  refind();
};
const onSearchKey = (event) => {
  if (event.key === 'ArrowDown' && found.length) {
    event.preventDefault();
    wall.focus();
  }
  if (event.key !== 'Escape') return;
  if (!parts.search.value) parts.search.blur();
  parts.search.value = '';
  onSearch();
};
const showAll = () => {
  parts.search.value = '';
  text = '';
  if (current.selection.flag === 'all') refind();
  else dispatch({flag: 'all'});
};
const tellNone = () => {
  const {flag} = current.selection;
  const what = flag === 'all' ? 'channel' : {dead: 'dead channel', outlier: 'outlier'}[flag];
  const words = text.trim() ? `No ${what} of ${payload.layer} matches “${text.trim()}”.` : `${payload.layer} has no ${what}.`;
  parts.none.replaceChildren(h('p', {}, words), h('button', {type: 'button', class: 'link', onclick: showAll}, 'Show all channels'));
};
/** Finds the channels anew: after a change of text, order, filter or labels. */
const refind = (kept) => {
  if (!payload) return;
  found = find(payload, {...current.selection, text}, (channel) => labels.nameOf(payload.layer, channel));
  bars = fractions(payload, current.selection.order);
  parts.count.textContent = `${of(found.length, payload.n_channels)} channels`;
  parts.none.hidden = found.length > 0;
  if (!found.length) tellNone();
  layOut(kept);
};
/** How many channels have a picture, how many of these excite more than any image, and how many were tried in vain. */
const tellPictures = ({n_pictures: drawn, n_compared: compared, n_beating_best_example: beating, n_dead: dead}) => {
  if (!drawn && !dead) return [];
  const words = [plural(drawn, 'picture'), compared && `${count(beating)} stronger than any image`, dead && `${count(dead)} undrawable`];
  const tip = [
    `Feature visualizations of the layer's channels: ${count(drawn)} drawn.`,
    compared
      ? `${of(beating, compared)} compared ones excite their channel more than any image of the run does.`
      : 'The run does not tell how strongly they excite.',
    `For ${count(dead)} the objective never rose above its start.`,
  ];
  return [term(words.filter(Boolean).join(', '), tip.join('\n'), {entry: 'excitation'})];
};
const showCounts = () => {
  parts.dead = flagged(payload, 'dead');
  parts.outliers = flagged(payload, 'outlier');
  parts.foundDead = new Set(payload.found_dead);
  parts.pictures.replaceChildren(...tellPictures(payload.pictures));
  const n = {all: payload.n_channels, dead: parts.dead.size, outlier: parts.outliers.size};
  parts.flags
    .querySelectorAll('.segment')
    .forEach((each) => each.replaceChildren(`${FLAGS[each.dataset.name][0]} `, h('span', {class: 'n'}, count(n[each.dataset.name]))));
};
const labelFile = (kind) => {
  const names = {type: 'button', class: 'tool', 'data-tip': 'Download the labels of all layers'};
  return h('button', {...names, onclick: () => saveLabels(kind)}, icon('download'), kind.toUpperCase());
};
const showLabelFiles = () => {
  const n = labels.all().length;
  parts.labels.hidden = n === 0;
  parts.labels.replaceChildren(plural(n, 'label'), labelFile('json'), labelFile('csv'));
};

// --- the view -----------------------------------------------------------------------------------------------------
const showUse = async (layer) => {
  const use = await load('channel_use');
  if (current.selection.layer !== layer) return;
  parts.useBody.replaceChildren(...buildChannelUse(use, layer));
};
const showLayer = async ({layer}) => {
  const isHere = () => current.selection.layer === layer && current.selection.view === 'channels';
  const info = current.run.layerByName.get(layer);
  payload = null;
  parts.title.textContent = layer;
  parts.title.dataset.tip = `${plural(info.n_channels, 'channel')}, receptive field ${count(info.receptive_field)} px`;
  wall.clear();
  wall.reserve(info.n_channels, size);
  wall.element.classList.add('loading');
  wall.element.setAttribute('aria-label', `Channels of ${layer}`);
  const [answer] = await Promise.all([load(`channels/${layer}`), showUse(layer)]);
  if (!isHere()) return;
  wall.element.classList.remove('loading');
  if (answer.problem) return showProblem(answer.problem);
  payload = answer;
  showCounts();
  const {channel} = current.selection;
  showOrder({channel});
  if (channel !== null && found.includes(channel)) wall.setActive(found.indexOf(channel));
  wall.element.dataset.layer = layer;
};
const showProblem = (problem) => {
  parts.count.textContent = '';
  wall.reserve(0);
  parts.none.hidden = false;
  parts.none.replaceChildren(emptyState(problem));
};
const toTop = () => (parts.scroller.scrollTop = Math.min(parts.scroller.scrollTop, wall.element.offsetTop));
const showOrder = ({channel}) => {
  if (channel === null) toTop();
  refind(channel);
};
const markChosen = ({channel}) => {
  wall.element.querySelectorAll('[aria-selected="true"]').forEach((each) => each.setAttribute('aria-selected', 'false'));
  const chosen = channel !== null && wall.element.querySelector(`[data-tile="${CSS.escape(channelId(payload.layer, channel))}"]`);
  if (chosen) chosen.setAttribute('aria-selected', 'true');
};
let drawn = null; /* the selection that the page of channels was drawn for last */

view('channels', (selection, before) => {
  if (!before) drawn = null;
  if (selection.view !== 'channels') return;
  if (!parts) build();
  const last = drawn;
  drawn = selection;
  pressSegment(parts.orders, selection.order);
  pressSegment(parts.flags, selection.flag);
  showLabelFiles();
  if (!payload || changed(selection, last, 'layer')) showLayer(selection);
  else if (changed(selection, last, 'order', 'flag')) showOrder(selection);
  else markChosen(selection);
});
document.addEventListener('summit-labels', () => {
  if (!parts || !drawn || current.selection.view !== 'channels') return;
  showLabelFiles();
  if (payload) refind(anchor());
});
