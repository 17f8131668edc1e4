// @ts-check
/* The channels of a layer as a ranking: orders, filters, and the places of tiles in a wall. Pure functions of data. */

/* What a ranking goes by: a column of the payload channels/LAYER. */
const ORDERS = {
  use: {name: 'Classes', column: 'n_classes'},
  graphs: {name: 'Graphs', column: 'n_graphs'},
  fraction: {name: 'Images', column: 'activation_fraction'},
  activation: {name: 'Max activation', column: 'max_activation'},
  number: {name: 'Number', column: null},
};
const SIZES = {S: 60, M: 92, L: 132}; /* of a picture, in pixels, at least */
const GAP = 4;
const PADDING = 6;
const WORDS = 30; /* pixels below a picture: its name and its bar */

/** The channels by falling value, equal ones by the share of images, then by number. */
const rank = (payload, order) => {
  const channels = Array.from({length: payload.n_channels}, (_, channel) => channel);
  const values = payload[ORDERS[order].column];
  if (!values) return channels;
  const share = payload.activation_fraction || [];
  return channels.sort((a, b) => values[b] - values[a] || (share[b] || 0) - (share[a] || 0) || a - b);
};
/** Whether a channel is asked for: by the beginning of its number, by its id, or by words of its label. */
const matches = (layer, channel, label, text) => {
  const asked = text.trim().toLowerCase();
  if (!asked || String(channel).startsWith(asked) || `${layer}-${channel}`.toLowerCase() === asked) return true;
  return asked.split(/\s+/).every((word) => label.toLowerCase().includes(word));
};
const flagged = (payload, flag) => new Set(payload[{dead: 'is_dead', outlier: 'is_outlier'}[flag]] || []);
/** The channels to show, in order; `labelOf` gives the label of a channel. */
const find = (payload, {order, flag, text}, labelOf) => {
  const kept = flag === 'all' ? null : flagged(payload, flag);
  return rank(payload, order).filter((channel) => (!kept || kept.has(channel)) && matches(payload.layer, channel, labelOf(channel), text));
};
/** What an order goes by, along the channels, as fractions of the layer's greatest; null where the run does not tell. */
const fractions = (payload, order) => {
  const values = payload[ORDERS[order].column || ORDERS.use.column];
  if (!values) return null;
  const most = Math.max(...values) || 1;
  return values.map((value) => value / most);
};
/** Columns, and heights in pixels, of a wall of so many tiles. */
const wall = (n, width, size) => {
  const columns = Math.max(1, Math.floor((width + GAP) / (SIZES[size] + 2 * PADDING + GAP)));
  const picture = Math.floor((width - GAP * (columns - 1)) / columns) - 2 * PADDING;
  const rowHeight = picture + 2 * PADDING + WORDS + GAP;
  const rows = Math.ceil(n / columns);
  return {columns, picture, rowHeight, rows, height: rows * rowHeight};
};

export const channels = {ORDERS, SIZES, rank, matches, find, flagged, fractions, wall};
