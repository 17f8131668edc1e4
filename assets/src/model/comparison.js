// @ts-check
/* Two attribution graphs laid over each other: what they share, what is one's alone, where they part. Pure.

   The same as summit_dash/graph/comparison.py and elements.py; a test holds them together. */
import {edgeWidth, greatestOf, nodeSide} from './graph.js';
import {mergeRows, placeRows, readRows, relaxRows} from './layout.js';

export const PARTS = ['shared', 'only-a', 'only-b'];
/** Two classes have parted where fewer than half of their channels are shared. */
export const PARTING_JACCARD = 0.5;
const GAP = 150;

const byChannel = (a, b) => (a.layer < b.layer ? -1 : a.layer > b.layer ? 1 : a.channel - b.channel);
/** Those of either, A's where both have one, each with its part, in the order of `compare`. */
const merge = (a, b, order) => {
  const inA = new Map(a.map((each) => [each.id, each]));
  const inB = new Map(b.map((each) => [each.id, each]));
  const all = [...a, ...b.filter((each) => !inA.has(each.id))];
  return all.sort(order).map((each) => {
    const first = inA.get(each.id);
    const second = inB.get(each.id);
    return {
      ...each,
      part: PARTS[first && second ? 0 : first ? 1 : 2],
      counts: [first, second].map((own) => (own ? own.count : null)),
      pair: [first, second],
    };
  });
};
const compareLayer = (layer, nodes, cosine) => {
  const n = PARTS.map((part) => nodes.filter((node) => node.layer === layer && node.part === part).length);
  const total = n[0] + n[1] + n[2];
  return {layer, jaccard: total ? n[0] / total : null, cosine, shared: n[0], onlyA: n[1], onlyB: n[2]};
};

/** The first layer, from the input, from which the Jaccard stays below one half to the last layer; else null. */
export const partingLayer = (layers) => {
  const known = layers.filter((layer) => layer.jaccard !== null);
  let parting = null;
  for (let place = known.length - 1; place >= 0 && known[place].jaccard < PARTING_JACCARD; place -= 1) parting = known[place].layer;
  return parting;
};
/** Compares two graphs; `cosines` by layer, of their activation counts, where they are known. */
export const compare = (a, b, cosines = {}) => {
  const nodes = merge(a.nodes, b.nodes, byChannel);
  const at = new Map(nodes.map((node) => [node.id, node]));
  const byEnds = (x, y) => byChannel(at.get(x.source), at.get(y.source)) || byChannel(at.get(x.target), at.get(y.target));
  const layers = a.layers.map((layer) => compareLayer(layer, nodes, layer in cosines ? cosines[layer] : null));
  return {nodes, edges: merge(a.edges, b.edges, byEnds), layers, parting: partingLayer(layers)};
};

/** Cosines of A with another class by layer, where the run has activations and both are of it. */
export const readCosines = ({similarity}, other) =>
  Object.fromEntries(Object.entries((!other.run && similarity) || {}).map(([layer, along]) => [layer, along[other.place] / 1000]));

/** Places from the orders of both graphs, then drawn towards neighbours. */
const placeBoth = (layers, comparison, edges) => {
  const number = new Map(comparison.nodes.map((node) => [node.id, node.channel]));
  const [a, b] = [0, 1].map((side) => readRows(layers, comparison.nodes.map(({pair}) => pair[side]).filter(Boolean)));
  return placeRows(
    layers,
    relaxRows(
      layers,
      mergeRows(layers, a, b, (id) => number.get(id)),
      edges,
    ),
  );
};
/** Two graphs merged; `nImages` of A and of B. Sizes follow the greater share of images. */
export const drawComparison = (layers, comparison, nImages) => {
  const share = (counts) => greatestOf(counts.map((count, place) => (count || 0) / Math.max(1, nImages[place])));
  const edges = comparison.edges.map((edge) => ({...edge, weight: share(edge.counts)}));
  const places = placeBoth(layers, comparison, edges);
  const most = greatestOf(comparison.nodes.map((node) => share(node.counts)));
  const widest = greatestOf(edges.map((edge) => edge.weight));
  return {
    layers,
    nodes: comparison.nodes.map(({pair, ...node}) => ({
      ...node,
      ...places.get(node.id),
      key: node.id,
      scores: pair.map((own) => (own ? own.score : null)),
      surprise: null,
      size: nodeSide(share(node.counts), most),
      levels: null /* by images alone: other numbers of two graphs have no common scale */,
      covered: 0,
    })),
    edges: edges.map(({pair, ...edge}) => ({
      ...edge,
      key: edge.id,
      means: pair.map((own) => (own ? own.mean : null)),
      width: edgeWidth(edge.weight, widest),
      covered: 0,
    })),
  };
};
/** The merged drawing taken apart: A at the left, B at the right, a shared channel at the same place in both. */
export const drawTwoSides = (drawing) => {
  const xs = drawing.nodes.map((node) => node.x);
  const shift = xs.length ? Math.max(...xs) - Math.min(...xs) + GAP : 0;
  const side = (letter, other, dx) => ({
    nodes: drawing.nodes
      .filter((node) => node.part !== other)
      .map((node) => ({...node, key: `${letter}:${node.id}`, side: letter, x: node.x + dx})),
    edges: drawing.edges
      .filter((edge) => edge.part !== other)
      .map((edge) => ({
        ...edge,
        key: `${letter}:${edge.id}`,
        side: letter,
        source: `${letter}:${edge.source}`,
        target: `${letter}:${edge.target}`,
      })),
  });
  const [a, b] = [side('a', 'only-b', 0), side('b', 'only-a', shift)];
  return {...drawing, nodes: [...a.nodes, ...b.nodes], edges: [...a.edges, ...b.edges]};
};

/** Classes much like A in the layers before `layer` and unlike it there: mean cosine before minus cosine there. */
export const differHere = (similarity, layers, layer, own, n = 5) => {
  const before = layers.slice(0, layers.indexOf(layer));
  if (!similarity || !before.length) return [];
  const found = similarity[layer].map((here, place) => {
    const mean = before.reduce((sum, each) => sum + similarity[each][place], 0) / before.length / 1000;
    return {place, before: mean, here: here / 1000, gap: mean - here / 1000};
  });
  return found
    .filter((each) => each.place !== own && each.gap > 0)
    .sort((x, y) => y.gap - x.gap || x.place - y.place)
    .slice(0, n);
};
