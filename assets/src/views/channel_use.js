// @ts-check
/* How many classes use which share of the channels, layer by layer: a curve for each layer, and the same as a table. */
import * as current from '../current.js';
import {action, emptyState, h} from '../dom.js';
import {count, of, percent} from '../format.js';
import {dispatch} from '../selection.js';
import {showChart} from '../widgets/chart.js';
import {buildTable} from '../widgets/table.js';

export const CHANNEL_USE_TIP =
  "A curve for each layer: its channels from the one that most classes use to the one that fewest use. A class uses a channel that is among the layer's strongest on any of its images.";

/** The figure with the curve of one layer in the accent of the theme, on top. */
const mark = ({figures, accents}, layer, theme) => {
  const {data, layout} = figures[theme];
  const accent = {line: {color: accents[theme], width: 2.2}, opacity: 1};
  const curves = data.map((curve) => (curve.name === layer ? {...curve, ...accent} : curve));
  return {data: curves.sort((a, b) => Number(a.name === layer) - Number(b.name === layer)), layout};
};
const plot = (payload, layer) => {
  const element = h('div', {class: 'use-plot', 'aria-hidden': 'true', 'data-layer': layer});
  return showChart(element, (theme) => mark(payload, layer, theme), {click: ({data}) => dispatch({layer: data.name})});
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
