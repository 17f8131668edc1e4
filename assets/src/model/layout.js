// @ts-check
/* Places in a layered graph: output on top, input at the bottom.

   The order of one class comes from Python with its places. What is drawn beyond one class takes its order from there:
   `mergeRows`, `relaxRows` and `placeRows` are those of summit_dash/graph/layout.py. A test holds them together. */
const COLUMN_PITCH = 106;
const ROW_PITCH = 162;
const LINE_PITCH = 112;
const MAX_PER_LINE = 16;
const MAX_STRETCH = 1.7;
const ROUNDS = 2; /* sweeps upwards and downwards */
const GRAIN = 1e9; /* steps of a mean place: sums may differ in their last digits */

/** Where each channel is in its row, from 0 (left) to 1. */
const findPlaces = (row) => new Map(row.map((id, place) => [id, (place + 0.5) / row.length]));
const sortBy = (ids, keys) =>
  ids.sort((a, b) => {
    const [x, y] = [keys.get(a), keys.get(b)];
    const differs = x.findIndex((value, i) => value !== y[i]);
    return differs < 0 ? 0 : x[differs] - y[differs];
  });

/** The ids of each layer from left to right, of channels that have places: by x, then by y, as lines interleave. */
export const readRows = (layers, nodes) => {
  const rows = new Map(layers.map((layer) => [layer, []]));
  nodes.forEach((node) => rows.get(node.layer).push(node));
  rows.forEach((row, layer) =>
    rows.set(
      layer,
      row.sort((a, b) => a.x - b.x || a.y - b.y).map((node) => node.id),
    ),
  );
  return rows;
};

/** Two orders as one: shared channels at the mean of their relative places. Where places tie, those of A alone come
    first, those of B alone last, each by its number. */
export const mergeRows = (layers, a, b, numberOf) =>
  new Map(
    layers.map((layer) => {
      const [ofA, ofB] = [a, b].map((rows) => findPlaces(rows.get(layer) || []));
      const keys = new Map([...ofA].map(([id, place]) => [id, [place, 0, numberOf(id)]]));
      ofB.forEach((place, id) => keys.set(id, ofA.has(id) ? [(ofA.get(id) + place) / 2, 1, numberOf(id)] : [place, 2, numberOf(id)]));
      return [layer, sortBy([...keys.keys()], keys)];
    }),
  );

const findNeighbours = (edges) => {
  const neighbours = new Map();
  const add = (id, other, weight) => neighbours.set(id, [...(neighbours.get(id) || []), [other, weight]]);
  edges.forEach(({source, target, weight}) => {
    add(source, target, weight);
    add(target, source, weight);
  });
  return neighbours;
};
/** Orders every row after the first by the mean place of its neighbours in the row before. */
const sweep = (order, rows, neighbours) =>
  order.slice(1).forEach((layer, before) => {
    const place = findPlaces(rows.get(order[before]));
    const own = findPlaces(rows.get(layer));
    const keys = new Map();
    own.forEach((here, id) => {
      const near = (neighbours.get(id) || []).filter(([other]) => place.has(other));
      const total = near.reduce((sum, [, weight]) => sum + weight, 0);
      const mean = total ? near.reduce((sum, [other, weight]) => sum + place.get(other) * weight, 0) / total : here;
      keys.set(id, [Math.floor(mean * GRAIN + 0.5), here]);
    });
    rows.set(layer, sortBy([...own.keys()], keys));
  });
/** Moves channels towards their neighbours; `edges` are {source, target, weight} by id. */
export const relaxRows = (layers, rows, edges) => {
  const neighbours = findNeighbours(edges);
  const used = layers.filter((layer) => rows.get(layer).length);
  const relaxed = new Map(rows);
  for (let round = 0; round < ROUNDS; round += 1) {
    sweep(used, relaxed, neighbours);
    sweep([...used].reverse(), relaxed, neighbours);
  }
  return relaxed;
};

const round = (value) => Math.round(value * 100) / 100;
/** Places by id of channels that are in order. */
export const placeRows = (layers, rows) => {
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
      places.set(id, {x: round((Math.floor(place / n) - (inLine - 1) / 2) * pitch), y: round(y + line * LINE_PITCH)});
    });
    y += (n - 1) * LINE_PITCH + ROW_PITCH;
  });
  return places;
};
