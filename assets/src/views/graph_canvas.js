// @ts-check
/* The paper: nodes and edges as elements, their places, what is hidden, lit and chosen. */
import {h} from '../dom.js';
import {channelId, of, percent, plural} from '../format.js';
import {shownNodes} from '../model/graph.js';
import {picture} from '../pictures.js';
import {hideCard} from './graph_card.js';
import {showGhosts} from './graph_ghosts.js';
import {markLayer, placeGutter} from './graph_gutter.js';
import {graph} from './graph_state.js';
import {showTable} from './graph_table.js';
import {showPins} from './graph_tools.js';
import {reveal} from './graph_viewport.js';

const PART_WORDS = {shared: 'in both graphs', 'only-a': 'only in the graph of A', 'only-b': 'only in the graph of B', '': ''};
const RINGS = {'': 1, shared: 2, 'only-a': 4, 'only-b': 4}; /* as wide as in graph.css */
const BEND = 0.42;
const CORNER = 16; /* of the mark that tells an example from a feature visualization */

// --- elements -----------------------------------------------------------------------------------------------------
/** How many images use a channel, in words; a line per class. */
export const tellUse = (node) => {
  const {classes, comparison} = graph.context;
  const use = (count, n) => `${of(count, n)} images (${percent(n ? count / n : null)})`;
  if (!comparison) return [`used by ${use(node.counts[0], classes[0].n)}`];
  return classes.map(({name, n}, place) =>
    `${'AB'[place]} ${name}: ${node.counts[place] === null ? 'not in its graph' : use(node.counts[place], n)}`); // prettier-ignore
};
const tellNode = (node) => [node.id, ...tellUse(node), PART_WORDS[node.part], node.added && 'beyond the graph'].filter(Boolean).join(', ');

const cornerOf = (size) => {
  const [side, r] = [Math.min(CORNER, size / 2.5), size * 0.12];
  return `M${size / 2} ${size / 2 - side}v${side - r}a${r} ${r} 0 0 1 ${-r} ${r}h${r - side}z`;
};
/** A picture with rounded corners in a square about (0, 0), its ring, and the channel's number above. */
export const buildPicture = ({size, channel, picture}) => {
  const box = {x: -size / 2, y: -size / 2, width: size, height: size};
  const round = {...box, rx: size * 0.12, ry: size * 0.12};
  const image = picture ? h('image', {...box, preserveAspectRatio: 'xMidYMid slice', 'clip-path': 'url(#graph-rounded)'}) : null;
  const corner = picture === 2 ? h('path', {class: 'corner', d: cornerOf(size)}) : null;
  const parts = [h('rect', {...round, class: 'back'}), image, corner, h('rect', {...round, class: 'ring'})];
  return {image, parts: [...parts, h('text', {y: -size / 2, dy: '-.4em'}, String(channel))]};
};
const buildNode = (node) => {
  const {image, parts} = buildPicture(node);
  const classes = ['node', node.part, node.picture ? '' : 'bare', node.added ? 'added' : ''].filter(Boolean).join(' ');
  const element = h('g', {
    class: classes, role: 'button', tabindex: -1, 'data-node': node.id, 'data-key': node.key, 'aria-label': tellNode(node),
  }, parts); // prettier-ignore
  return {node, element, image, x: 0, y: 0, into: [], out: []};
};
const buildEdge = (edge) => {
  const hit = h('path', {class: 'hit'});
  const line = h('path', {class: 'line', style: `--w:${edge.width}`});
  const element = h(
    'g',
    {class: ['edge', edge.part, edge.added ? 'added' : ''].filter(Boolean).join(' '), 'data-edge': edge.id, 'data-key': edge.key},
    hit,
    line,
  );
  return {edge, element, hit, line};
};
const buildDefs = () =>
  h(
    'defs',
    {},
    h('clipPath', {id: 'graph-rounded', clipPathUnits: 'objectBoundingBox'}, h('rect', {width: 1, height: 1, rx: 0.12, ry: 0.12})),
  );

/** Builds what is drawn, apart from the page; `showScene` puts it on the paper once everything has its place. */
export const setScene = (drawing) => {
  hideCard();
  const nodes = new Map(drawing.nodes.map((node) => [node.key, buildNode(node)]));
  const edges = new Map(drawing.edges.map((edge) => [edge.key, buildEdge(edge)]));
  edges.forEach((each) => {
    each.source = nodes.get(each.edge.source);
    each.target = nodes.get(each.edge.target);
    each.source.out.push(each);
    each.target.into.push(each);
  });
  const ghosts = h('g', {class: 'ghosts'});
  const world = h('g', {class: 'world'},
    h('g', {class: 'edges'}, [...edges.values()].map((each) => each.element)),
    h('g', {class: 'nodes'}, [...nodes.values()].map((each) => each.element)),
    ghosts); // prettier-ignore
  graph.scene = {drawing, nodes, edges, world, ghosts};
  const {paper} = graph.frame;
  const {classes, comparison} = graph.context;
  const whose = comparison ? classes.map((each) => each.name).join(' and ') : classes[0].name;
  paper.setAttribute('aria-label', `Attribution graph of ${whose}: ${plural(nodes.size, 'channel')}, ${plural(edges.size, 'influence')}`);
  paper.classList.remove('dimmed');
};
export const showScene = () => graph.frame.paper.replaceChildren(buildDefs(), graph.scene.world);
export const clearScene = () => {
  graph.scene = null;
  graph.context = null;
  hideCard();
  graph.frame.paper.replaceChildren();
  graph.frame.gutter.replaceChildren();
  graph.frame.under.replaceChildren();
  graph.frame.table.replaceChildren();
  graph.frame.map.setAttribute('hidden', '');
};
const settled = (image) => new Promise((done) => ['load', 'error'].forEach((name) => image.addEventListener(name, done, {once: true})));
/** Gives every node its picture; done when all are there. */
export const showPictures = () => {
  const wanted = [...graph.scene.nodes.values()].filter(({image}) => image && !image.hasAttribute('href'));
  const done = wanted.map(({image}) => settled(image));
  wanted.forEach(({image, node}) => image.setAttribute('href', picture(node.layer, node.channel, node.run)));
  return Promise.all(done);
};

// --- places -------------------------------------------------------------------------------------------------------
const short = (value) => Math.round(value * 100) / 100;
/** From the outside of one ring to that of the other, leaving and arriving upright: two quadratic Béziers. */
const curve = (source, target, right) => {
  const half = ({node}) => (node.size + RINGS[node.part]) / 2;
  const from = right ? [source.x + half(source), source.y] : [source.x, source.y - half(source)];
  const to = right ? [target.x - half(target), target.y] : [target.x, target.y + half(target)];
  const rise = right ? [BEND * (to[0] - from[0]), 0] : [0, BEND * (to[1] - from[1])];
  const leaving = [from[0] + rise[0], from[1] + rise[1]];
  const arriving = [to[0] - rise[0], to[1] - rise[1]];
  const middle = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
  const [start, a, m, b, end] = [from, leaving, middle, arriving, to].map((point) => point.map(short).join(' '));
  return `M${start}Q${a} ${m}Q${b} ${end}`;
};
/** Moves everything to its place; `wide` and `tall` stretch the drawing, `right` lays the input at the left. */
export const setPlaces = ({wide, tall, right}) => {
  const {nodes, edges} = graph.scene;
  nodes.forEach((each) => {
    const {x, y} = each.node;
    each.x = short((right ? -y : x) * wide);
    each.y = short((right ? x : y) * tall);
    each.element.setAttribute('transform', `translate(${each.x} ${each.y})`);
  });
  edges.forEach((each) => {
    const d = curve(each.source, each.target, right);
    each.hit.setAttribute('d', d);
    each.line.setAttribute('d', d);
  });
};

// --- hidden, lit, chosen --------------------------------------------------------------------------------------------
export const isShown = (each) => !each.element.hasAttribute('hidden');
/** Hides what the share covered and the pins leave out. */
export const filter = ({covers, pins}) => {
  const {drawing, nodes, edges} = graph.scene;
  const keys = shownNodes(drawing, graph.context.comparison ? 100 : covers, pins);
  nodes.forEach((each, key) => {
    each.element.toggleAttribute('hidden', !keys.has(key));
    each.element.classList.toggle('pinned', pins.includes(each.node.id));
  });
  edges.forEach((each) => each.element.toggleAttribute('hidden', !keys.has(each.edge.source) || !keys.has(each.edge.target)));
  rove();
  showPins(pins);
  placeGutter();
  showTable();
};
/** Lights nodes and edges up and greys out the rest; nothing where both are empty. */
export const light = (nodes, edges) => {
  const {paper} = graph.frame;
  paper.querySelectorAll('.lit').forEach((element) => element.classList.remove('lit'));
  paper.classList.toggle('dimmed', nodes.length + edges.length > 0);
  [...nodes, ...edges].forEach((each) => each.element.classList.add('lit'));
};
/** The drawn node of a channel; in two sides A's, where it has it. */
export const nodeOf = (id) => graph.scene && [...graph.scene.nodes.values()].find((each) => each.node.id === id);
export const choose = ({layer, channel}) => {
  const id = channel === null ? null : channelId(layer, channel);
  graph.scene.nodes.forEach((each) => each.element.classList.toggle('chosen', each.node.id === id));
  const chosen = id && nodeOf(id);
  rove(chosen);
  showGhosts(chosen, id);
  reveal(chosen);
  markLayer(layer);
};
/** Tab enters the graph at one node: the one given, else the one before, else the first of the last layer. */
export const rove = (wanted) => {
  const {nodes} = graph.scene;
  const now = wanted || [...nodes.values()].find((each) => each.element.getAttribute('tabindex') === '0');
  const shownNodes = [...nodes.values()].filter(isShown);
  const first = now && isShown(now) ? now : shownNodes.sort((a, b) => a.node.y - b.node.y || a.node.x - b.node.x)[0];
  nodes.forEach((each) => each.element.setAttribute('tabindex', each === first ? 0 : -1));
};
