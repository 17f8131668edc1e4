// @ts-check
/* What is on the paper: the drawing with its places, what is hidden, lit and chosen.

   A scene is {drawing, context, prefix, nodes, edges, ways}. `nodes` by key are {node, id, x, y, into, out}, `edges` by key are
   {edge, id, source, target}, and so are `ways`, which lead up through channels that are not drawn; `id` is that of the element, other in each drawing, because Cytoscape would keep the place
   of one that it knows. */
import {bend, halfOf, isTight, stretch, toLabel, toLine, toScale} from '../model/elements.js';
import {applyLooks, shownNodes} from '../model/graph.js';
import * as current from '../current.js';
import {channelId} from '../format.js';
import {labels} from '../labels.js';
import {canvas, elementOf} from './cytoscape.js';

let scene = null;
let serial = 0;
let shown = new Set();
let lit = {nodes: [], edges: []};

/** The id of the channel that is open; null where none is. */
export const chosenId = ({channel, channel_layer: layer} = current.selection) => (channel === null ? null : channelId(layer, channel));
export const getScene = () => scene;
export const getContext = () => scene && scene.context;
/** Builds the scene of a drawing; nothing of it is on the paper yet. */
export const buildScene = (drawing, context) => {
  serial += 1;
  const prefix = `${serial}:`;
  const nodes = new Map(drawing.nodes.map((node) => [node.key, {node, id: prefix + node.key, x: 0, y: 0, into: [], out: []}]));
  const edges = new Map(
    drawing.edges.map((edge) => [edge.key, {edge, id: prefix + edge.key, source: nodes.get(edge.source), target: nodes.get(edge.target)}]),
  );
  edges.forEach((each) => {
    each.source.out.push(each);
    each.target.into.push(each);
  });
  return {drawing, context, prefix, nodes, edges, ways: new Map()};
};
export const setScene = (next) => {
  scene = next;
  lit = {nodes: [], edges: []};
};
/** The node or edge of an element of Cytoscape; null for one of the tray or of an older drawing. */
export const find = (element) => {
  const way = element && scene && scene.ways.get(element.data('way'));
  if (way && way.id === element.id()) return way;
  const key = element && element.data('key');
  if (!scene || !key || !element.id().startsWith(scene.prefix)) return null;
  return (element.isNode() ? scene.nodes : scene.edges).get(key) || null;
};
/** The drawn node of a channel; in two sides A's, where it has it. */
export const nodeOf = (id) => scene && [...scene.nodes.values()].find((each) => each.node.id === id);
export const isShown = (each) => (each.node ? shown.has(each.node.key) : shown.has(each.edge.source) && shown.has(each.edge.target));
const linesOf = ({edges, ways}) => [...edges.values(), ...ways.values()];
export const shownOf = (map) => [...map.values()].filter(isShown);

/** Sets the places of a scene, stretched. */
export const setPlaces = ({nodes}, by) => nodes.forEach((each) => Object.assign(each, stretch(each.node, by)));
/** What a channel is called beside its number; labels are those of the run that is shown. */
export const nameOf = ({layer, channel, run}) => (run ? '' : labels.nameOf(layer, channel));
/** Writes names, or numbers, above the nodes. */
export const showNames = () => {
  const all = [...scene.nodes.values()];
  canvas().batch(() =>
    all.forEach((each) => {
      const name = nameOf(each.node);
      elementOf(each.id)
        .data(toLabel(each.node, name, each, all))
        .toggleClass('named', name !== '');
    }),
  );
};
/** Gives the nodes size and ring by what is asked for; returns whether one changed, after which the lines want their ends anew. */
export const resize = (asked) => {
  const changed = applyLooks(scene.drawing.nodes, asked);
  if (changed.length) canvas().batch(() => changed.forEach(({key, size, level}) => elementOf(scene.prefix + key).data({size, level})));
  return changed.length > 0;
};
/** Moves everything on the paper to its place. */
export const movePlaces = (by) => {
  setPlaces(scene, by);
  canvas().batch(() => {
    scene.nodes.forEach(({id, x, y}) => elementOf(id).position({x, y}));
    const end = ({node, x, y}) => ({x, y, half: halfOf(node)});
    linesOf(scene).forEach(({id, source, target}) => {
      const ends = [end(source), end(target)];
      elementOf(id)
        .data(bend(...ends, by.right))
        .toggleClass('tight', isTight(...ends, by.right));
    });
  });
  showNames();
};
/** Adds the strongest ways up of channels without an influence upwards, faint: [{source, target, through, n_images}]. */
export const addWays = (ways, by) => {
  const zoom = canvas().zoom();
  const added = ways.flatMap(({source, target, through, n_images: n}) => {
    const ends = [scene.nodes.get(source), scene.nodes.get(target)];
    const key = `${source}--${target}`;
    const edge = {key, source, target, through, way: true, width: 1, part: '', counts: [n], means: [null]};
    return ends.every(Boolean) ? [{edge, id: `${scene.prefix}way ${key}`, source: ends[0], target: ends[1]}] : [];
  });
  const end = ({node, x, y}) => ({x, y, half: halfOf(node)});
  added.forEach((each) => {
    scene.ways.set(each.edge.key, each);
    each.source.out.push(each);
    each.target.into.push(each);
  });
  canvas().add(
    added.map((each) => ({
      group: 'edges',
      data: {id: each.id, way: each.edge.key, source: each.source.id, target: each.target.id, part: '', ...toLine(1, zoom), ...bend(end(each.source), end(each.target), by.right)},
      classes: ['way', !isShown(each) && 'hidden'].filter(Boolean).join(' '),
    })),
  ); // prettier-ignore
};
/** Gives labels and thin lines their size on the screen. */
export const setScale = (zoom) => {
  canvas().batch(() => {
    const scale = toScale(zoom);
    shownOf(scene.nodes).forEach(({id}) => elementOf(id).data(scale));
    linesOf(scene).forEach(({id, edge}) => elementOf(id).data(toLine(edge.width, zoom)));
  });
};

/** Works out what the share covered and the pins leave. */
export const choosePart = (of, {covers, pins}) => {
  shown = shownNodes(of.drawing, of.context.comparison ? 100 : covers, pins);
};
/** Hides the rest of what is on the paper. */
export const showPart = (pins) =>
  canvas().batch(() => {
    scene.nodes.forEach((each) => {
      const element = elementOf(each.id);
      element.toggleClass('hidden', !isShown(each));
      element.toggleClass('pinned', pins.includes(each.node.id));
    });
    linesOf(scene).forEach((each) => elementOf(each.id).toggleClass('hidden', !isShown(each)));
  });
/** Lights nodes and edges up and greys out the rest; nothing where both are empty. */
export const light = (nodes, edges) => {
  const before = lit;
  lit = {nodes, edges};
  if (!scene || (!before.nodes.length && !before.edges.length && !nodes.length && !edges.length)) return;
  const own = new Set([...nodes, ...edges].map((each) => each.id));
  canvas().batch(() => {
    [...scene.nodes.values(), ...linesOf(scene)].forEach((each) => {
      const element = elementOf(each.id);
      element.toggleClass('lit', own.has(each.id));
      element.toggleClass('faded', own.size > 0 && !own.has(each.id));
    });
  });
};
export const getLit = () => lit;
/** Marks the nodes of a channel with a class, and no other one. Cytoscape draws anew after a batch, even an empty one. */
export const mark = (name, matches) => {
  const others = [...scene.nodes.values()].filter((each) => elementOf(each.id).hasClass(name) !== matches(each));
  if (others.length) canvas().batch(() => others.forEach((each) => elementOf(each.id).toggleClass(name)));
};
