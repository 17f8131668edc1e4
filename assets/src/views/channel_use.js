// @ts-check
/* How many classes use which share of the channels, layer by layer: a curve for each layer, and the same as a table. */
import {emptyState, h} from '../dom.js';
import {dispatch} from '../selection.js';
import {fill} from '../widgets/blocks.js';
import {showChart} from '../widgets/chart.js';

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

/** Plot and table of the payload `channel_use` with one layer marked. */
export const buildChannelUse = (payload, layer) => {
  if (payload.problem) return [emptyState(payload.problem)];
  const place = h('div', {class: 'use-table', tabindex: 0, role: 'region', 'aria-label': 'Use of channels by layer'});
  fill(place, payload.blocks);
  place.querySelector(`tr[data-layer="${CSS.escape(layer)}"]`).setAttribute('aria-current', 'true');
  return [plot(payload, layer), place];
};
