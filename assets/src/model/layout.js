// @ts-check
/* Places in a layered graph: output on top, input at the bottom, ordered within a layer to cross little. Pure.

   The same as summit_dash/graph_layout.py, which says why; a test holds the two together. */
import {round, sum} from './numbers.js';

const COLUMN_PITCH = 106;
const ROW_PITCH = 162;
const LINE_PITCH = 112;
const MAX_PER_LINE = 16;
const MAX_STRETCH = 1.7;
const SWEEPS = 8;

/** Where each channel stands in its row, from 0 (left) to 1. */
const placesOf = (row) => new Map(row.map((id, place) => [id, (place + 0.5) / row.length]));

/** Orders every row after the first by the mean place of its neighbours in the row before. */
const sweep = (order, rows, neighbours) => {
  const result = new Map(rows);
  for (let at = 1; at < order.length; at += 1) {
    const place = placesOf(result.get(order[at - 1]));
    const own = placesOf(result.get(order[at]));
    const keys = new Map();
    own.forEach((here, id) => {
      const near = (neighbours.get(id) || []).filter(([other]) => place.has(other));
      const total = sum(near.map(([, weight]) => weight));
      keys.set(id, total ? sum(near.map(([other, weight]) => place.get(other) * weight)) / total : here);
    });
    const sorted = [...own.keys()].sort((a, b) => keys.get(a) - keys.get(b) || own.get(a) - own.get(b));
    result.set(order[at], sorted);
  }
  return result;
};

/** Weighted crossings among lines from one row to the next: [source place, target place, weight]. */
const crossingsBetween = (lines) => {
  const found = [];
  lines.forEach(([s, t, w]) =>
    lines.forEach(([s2, t2, w2]) => {
      if (s < s2 && t > t2) found.push(Math.min(w, w2));
    }),
  );
  return sum(found);
};
const crossings = (layers, rows, edges, layerOf) => {
  const place = new Map([...rows.values()].flatMap((row) => [...placesOf(row)]));
  const lines = new Map(layers.map((layer) => [layer, []]));
  edges.forEach(({source, target, weight}) => {
    if (place.has(source) && place.has(target)) lines.get(layerOf.get(target)).push([place.get(source), place.get(target), weight]);
  });
  return sum([...lines.values()].map(crossingsBetween));
};

/** The ids of each layer from left to right; of all barycentre sweeps the order with the fewest weighted crossings. */
export const orderRows = (layers, channels, edges) => {
  const sorted = [...channels].sort((a, b) => a.channel - b.channel);
  const layerOf = new Map(sorted.map((channel) => [channel.id, channel.layer]));
  let rows = new Map(layers.map((layer) => [layer, []]));
  sorted.forEach((channel) => rows.get(channel.layer).push(channel.id));
  const neighbours = new Map(sorted.map((channel) => [channel.id, []]));
  edges.forEach(({source, target, weight}) => {
    if (neighbours.has(source)) neighbours.get(source).push([target, weight]);
    if (neighbours.has(target)) neighbours.get(target).push([source, weight]);
  });
  let best = rows;
  let fewest = crossings(layers, rows, edges, layerOf);
  const reversed = [...layers].reverse();
  for (let turn = 0; turn < SWEEPS; turn += 1) {
    rows = sweep(turn % 2 === 0 ? layers : reversed, rows, neighbours);
    const now = crossings(layers, rows, edges, layerOf);
    if (now < fewest) [best, fewest] = [rows, now];
  }
  return best;
};

/** Places by id. `layers` from the input, `channels` {id, layer, channel}, `edges` {source, target, weight} by id. */
export const layOut = (layers, channels, edges) => {
  const rows = orderRows(layers, channels, edges);
  const used = layers.filter((layer) => rows.get(layer).length);
  const lines = new Map(used.map((layer) => [layer, Math.ceil(rows.get(layer).length / MAX_PER_LINE)]));
  const columns = new Map(used.map((layer) => [layer, Math.ceil(rows.get(layer).length / lines.get(layer))]));
  const widest = Math.max(0, ...columns.values());
  const places = new Map();
  let y = 0;
  [...used].reverse().forEach((layer) => {
    const row = rows.get(layer);
    const n = lines.get(layer);
    const pitch = COLUMN_PITCH * Math.min(MAX_STRETCH, widest / columns.get(layer));
    row.forEach((id, place) => {
      const line = place % n;
      const inLine = Math.ceil((row.length - line) / n);
      const x = (Math.floor(place / n) - (inLine - 1) / 2) * pitch;
      places.set(id, {x: round(x, 2), y: round(y + line * LINE_PITCH, 2)});
    });
    y += (n - 1) * LINE_PITCH + ROW_PITCH;
  });
  return places;
};
