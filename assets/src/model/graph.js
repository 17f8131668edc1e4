// @ts-check
/* The attribution graph of a class as it is drawn, and what is shown of it. Pure.

   Places, sizes and covered shares of a class come from Python. A drawing is {layers, nodes, edges}: nodes with `key`
   (one of a kind in the drawing), `id` of the channel, place and size; edges with the keys of their ends. */
import {placeRows, readRows, relaxRows} from './layout.js';

const SMALLEST = 32;
const LARGEST = 96;
const THINNEST = 1;
const WIDEST = 7;
const COUNT = 'count'; /* what nodes are sized by unless another number is asked for */
const PLAIN = 'plain'; /* rings that show no number */

/** The payload of a class as {layers, nodes, edges}; edges name their ends by channel id. */
export const readGraph = ({nodes, edges, surprising}, layers) => {
  const marks = readMarks(surprising);
  const read = nodes.channel.map((channel, place) => {
    const layer = layers[nodes.layer[place]];
    const levels = mapValues(nodes.levels || {}, (values) => values[place]);
    const at = {id: `${layer}-${channel}`, layer, channel, x: nodes.x[place], y: nodes.y[place], size: nodes.size[place]};
    return {
      ...at,
      count: nodes.count[place],
      score: nodes.score[place],
      effect: nodes.effect ? nodes.effect[place] : null,
      levels,
      picture: nodes.picture[place],
      covered: nodes.covered[place],
      surprise: marks.get(place) || null,
      alone: (nodes.alone && nodes.alone[place]) || null,
    };
  });
  return {
    layers,
    nodes: read,
    edges: edges.source.map((source, place) => {
      const ends = [read[source].id, read[edges.target[place]].id];
      return {id: ends.join('--'), source: ends[0], target: ends[1], count: edges.count[place], mean: edges.mean[place]};
    }),
  };
};
const mapValues = (record, change) => Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
/** The reasons why a channel is surprising, in sentences, by the index of its node, where the run knows any. */
const readMarks = (surprising) => {
  const marks = new Map();
  (Array.isArray(surprising) ? surprising : []).forEach((each) => {
    if (each && Number.isInteger(each.node)) marks.set(each.node, (each.reasons || []).join(' ') || 'surprising');
  });
  return marks;
};

/** The side of a node whose area is proportional to the share of images that use it; never under the smallest. */
export const nodeSide = (fraction, greatest) =>
  Math.round(10 * Math.min(LARGEST, Math.max(SMALLEST, LARGEST * Math.sqrt(greatest ? fraction / greatest : 0)))) / 10;
export const edgeWidth = (n, greatest) => Math.round(100 * Math.max(THINNEST, greatest ? (WIDEST * n) / greatest : 0)) / 100;
export const greatestOf = (values) => values.reduce((most, value) => Math.max(most, value), 0);

/** The places of a graph with channels of expanded layers: these start at the right of their rows. */
const placeWith = (graph, added, edges) => {
  const rows = readRows(graph.layers, graph.nodes);
  added.nodes.forEach((node) => rows.set(node.layer, [...rows.get(node.layer), node.id]));
  return placeRows(
    graph.layers,
    relaxRows(
      graph.layers,
      rows,
      edges.map((edge) => ({...edge, weight: edge.count})),
    ),
  );
};
/** What the nodes of a drawing show: what is asked for where they have it, else `otherwise`. */
const knownBy = (nodes, asked, otherwise) => (nodes.some(({levels}) => levels && asked in levels) ? asked : otherwise);
export const sizedBy = (nodes, asked) => knownBy(nodes, asked, COUNT);
export const coloredBy = (nodes, asked) => knownBy(nodes, asked, PLAIN);
/** Gives nodes size and ring (`level`) by what is asked for, and returns those of which one changed. Channels that are not of
    the graph are smallest by PageRank and effect, which only the graph's have, and without a ring. */
export const applyLooks = (nodes, {size, ring}) => {
  const [by, shade] = [sizedBy(nodes, size), coloredBy(nodes, ring)];
  const sideOf = ({levels, side}) => (by === COUNT ? side : nodeSide(Math.max(0, levels[by] || 0), 1));
  return nodes.filter((node) => {
    const next = node.levels ? {size: sideOf(node), level: node.levels[shade] || 0} : {size: node.size, level: 0};
    const isOther = next.size !== node.size || next.level !== (node.level || 0);
    Object.assign(node, next);
    return isOther;
  });
};
const sideOf = ({added, size, count, levels}, most) => {
  const side = added ? nodeSide(count, most) : size;
  return {size: side, side, levels: levels || {}};
};
/** One class's graph. `added` are channels of expanded layers beyond the graph: {nodes, edges} of the same form. */
export const drawClass = (graph, added = {nodes: [], edges: []}) => {
  const nodes = [...graph.nodes, ...added.nodes];
  const edges = [...graph.edges, ...added.edges];
  const places = added.nodes.length ? placeWith(graph, added, edges) : new Map();
  const most = greatestOf(graph.nodes.map((node) => node.count));
  const widest = greatestOf(graph.edges.map((edge) => edge.count));
  const covered = new Map(graph.nodes.map((node) => [node.id, node.covered]));
  const coveredBy = (id) => covered.get(id) || 0;
  return {
    layers: graph.layers,
    nodes: nodes.map((node) => ({
      ...node,
      ...places.get(node.id),
      key: node.id,
      part: '',
      counts: [node.count],
      scores: [node.score],
      ...sideOf(node, most),
      covered: coveredBy(node.id),
    })),
    edges: edges.map((edge) => ({
      ...edge,
      key: edge.id,
      part: '',
      counts: [edge.count],
      means: [edge.mean],
      width: edgeWidth(Math.min(edge.count, widest), widest),
      covered: Math.max(coveredBy(edge.source), coveredBy(edge.target)),
    })),
  };
};

/** The channels of an expanded layer that the graph lacks, and the influences between them and what is drawn. */
export const readAdded = (payloads, graph) => {
  const own = new Set(graph.nodes.map((node) => node.id));
  const nodes = payloads.flatMap((payload) =>
    payload.channel.map((channel, place) => ({
      id: `${payload.layer}-${channel}`, layer: payload.layer, channel,
      count: payload.count[place], score: null, picture: payload.picture[place], added: true,
    })),
  ).filter((node) => !own.has(node.id)); // prettier-ignore
  const drawn = new Set([...own, ...nodes.map((node) => node.id)]);
  const edges = new Map();
  payloads.forEach(({edges: given}) =>
    given.count.forEach((count, place) => {
      const source = `${graph.layers[given.source_layer[place]]}-${given.source[place]}`;
      const target = `${graph.layers[given.target_layer[place]]}-${given.target[place]}`;
      const isNew = !own.has(source) || !own.has(target);
      if (isNew && drawn.has(source) && drawn.has(target))
        edges.set(`${source}--${target}`, {id: `${source}--${target}`, source, target, count, mean: given.mean[place], added: true});
    }),
  );
  return {nodes, edges: [...edges.values()]};
};

/** Keys of what is connected with the pinned channels through influences, upwards and downwards, and they themselves. */
export const connected = (drawing, pins) => {
  const start = drawing.nodes.filter((node) => pins.includes(node.id)).map((node) => node.key);
  const walk = (from, to) => {
    const next = new Map();
    drawing.edges.forEach((edge) => next.set(edge[from], [...(next.get(edge[from]) || []), edge[to]]));
    const reached = new Set();
    const open = [...start];
    while (open.length)
      (next.get(open.pop()) || []).forEach((key) => {
        if (!reached.has(key)) open.push(key);
        reached.add(key);
      });
    return reached;
  };
  return new Set([...start, ...walk('source', 'target'), ...walk('target', 'source')]);
};
/** Keys of the nodes that are shown: those that cover the share of activation, and of these what the pins leave. */
export const shownNodes = (drawing, covers, pins) => {
  const kept = drawing.nodes.filter((node) => node.covered < covers);
  const keys = new Set(kept.map((node) => node.key));
  const edges = drawing.edges.filter((edge) => keys.has(edge.source) && keys.has(edge.target));
  const held = pins.filter((id) => kept.some((node) => node.id === id));
  return held.length ? connected({nodes: kept, edges}, held) : keys;
};
