// @ts-check
/* How many classes use which share of the channels, layer by layer: a curve for each layer, and the same as a table. */
import * as current from '../current.js';
import {action, emptyState, h} from '../dom.js';
import {count, of, percent} from '../format.js';
import {buildTable} from '../widgets/table.js';

const WIDTH = 360;
const HEIGHT = 196;
const EDGE = {left: 44, right: 12, top: 10, bottom: 34};
export const CHANNEL_USE_TIP =
  "A curve for each layer: its channels from the one that most classes use to the one that fewest use. A class uses a channel that is among the layer's strongest on any of its images.";

const x = (share) => EDGE.left + share * (WIDTH - EDGE.left - EDGE.right);
const y = (share) => HEIGHT - EDGE.bottom - share * (HEIGHT - EDGE.top - EDGE.bottom);
const text = (at, words, anchor = 'middle', className = 'tick') =>
  h('text', {x: at[0], y: at[1], 'text-anchor': anchor, class: className}, words);
const axes = (nClasses) => [
  [0, 0.5, 1].map((share) => h('line', {class: 'rule', x1: x(0), x2: x(1), y1: y(share), y2: y(share)})),
  [...new Set([0, Math.round(nClasses / 2), nClasses])].map((n) => text([x(0) - 6, y(n / nClasses) + 4], count(n), 'end')),
  [0, 0.25, 0.5, 0.75, 1].map((share) => text([x(share), y(0) + 15], `${100 * share} %`, share === 1 ? 'end' : 'middle')),
  text([x(0.5), HEIGHT - 4], "share of the layer's channels, most used first", 'middle', 'axis'),
  h('text', {class: 'axis', 'text-anchor': 'middle', transform: `translate(10 ${y(0.5)}) rotate(-90)`}, 'classes'),
];
const points = (use, nClasses) =>
  use.place
    .map((place, i) => `${x(place / Math.max(1, use.n_channels - 1)).toFixed(1)},${y(use.count[i] / nClasses).toFixed(1)}`)
    .join(' ');
const curve = (use, info, nClasses, isCurrent) => {
  const line = points(use, nClasses);
  const tip = `${info.layer}: ${of(use.by_most, use.n_channels)} channels are used by more than half of the classes, ${count(use.by_none)} by none.`;
  const names = {
    class: isCurrent ? 'curve current' : 'curve',
    'data-layer': info.layer,
    'data-action': JSON.stringify({layer: info.layer}),
  };
  return h('g', {...names, 'data-tip': tip}, h('polyline', {class: 'hit', points: line}), h('polyline', {class: 'line', points: line}));
};
const plot = (payload, layer) => {
  const curves = payload.layers.map((use, place) =>
    curve(use, current.run.layers[place], payload.n_classes, current.run.layers[place].layer === layer),
  );
  curves.sort((a, b) => a.classList.contains('current') - b.classList.contains('current'));
  return h('svg', {class: 'use-plot', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, 'aria-hidden': 'true'}, axes(payload.n_classes), curves);
};

const number = (content, tip = null) => h('td', {class: 'number', 'data-tip': tip}, content);
const share = (n, use) => number(percent(n / use.n_channels), `${of(n, use.n_channels)} channels`);
const buildRow = (use, info, isCurrent, nClasses) => {
  const tip = `${info.layer}-${use.top}: used by ${of(use.top_count, nClasses)} classes`;
  const top = action({layer: info.layer, channel: use.top}, {class: 'use-top', 'data-tip': tip}, String(use.top));
  const name = action({layer: info.layer}, {class: 'use-layer', 'data-tip': info.layer}, info.short);
  const shares = [use.by_none, use.by_one, use.by_most].map((n) => share(n, use));
  return {'aria-current': isCurrent && 'true', cells: [name, number(count(use.n_channels)), ...shares, number(top)]};
};
const HEADS = [
  {name: 'layer'},
  {name: 'channels', class: 'number'},
  {name: 'by none', class: 'number', 'data-tip': 'Channels that no class uses, of the channels of the layer.'},
  {name: 'by one', class: 'number', 'data-tip': 'Channels that one class alone uses.'},
  {name: 'by > half', class: 'number', 'data-tip': 'Channels that more than half of the classes use.'},
  {name: 'most used', class: 'number', 'data-tip': 'The channel that most classes use; of several, the one strong on most images.'},
];
const CAPTION = 'Share of the channels that no class, one class, or more than half of the classes use, by layer';
const table = (payload, layer) => {
  const {layers} = current.run;
  const rows = payload.layers.map((use, place) => buildRow(use, layers[place], layers[place].layer === layer, payload.n_classes));
  return buildTable({caption: CAPTION, heads: HEADS, rows});
};

/** Plot and table of the payload `channel_use` with one layer marked. */
export const buildChannelUse = (payload, layer) => {
  if (payload.problem) return [emptyState(payload.problem)];
  return [
    plot(payload, layer),
    h('div', {class: 'use-table', tabindex: 0, role: 'region', 'aria-label': 'Use of channels by layer'}, table(payload, layer)),
  ];
};
