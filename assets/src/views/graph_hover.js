// @ts-check
/* What the pointer does: light a node with its influences, or an influence with its ends; click, box and pin. */
import * as current from '../current.js';
import {of, percent, plural} from '../format.js';
import {findAlone} from '../alone.js';
import {toAlone} from '../model/proof.js';
import {dispatch} from '../selection.js';
import {reducedMotion} from '../views.js';
import {elementOf} from './cytoscape.js';
import {followPointer, hideCard, isHeld, keepCard, leaveCard, scrubAlong, showCard, showEdgeCard} from './graph_card.js';
import {getFrame} from './graph_frame.js';
import {find, getContext, getLit, getScene, isShown, light} from './graph_scene.js';
import {tellNumbers} from './graph_looks.js';
import {openGhost, showGhostCard} from './graph_tray.js';
import {boxOf} from './graph_viewport.js';

let over = null; /* what is lit */
let passed = null; /* the element that the pointer is on, on its way to the card */

// --- what is told ---------------------------------------------------------------------------------------------------
const NOT_USED = 'used by no image of this class: it is here because the influences of channels in use lead through it';
const CHOSEN_BY = {
  shared: 'chosen by PageRank and by effect',
  'only-a': 'chosen by PageRank, not by effect',
  'only-b': 'chosen by effect, not by PageRank',
};
/** How many images use a channel, in words; a line per class. */
export const tellUse = (node) => {
  const {classes, comparison, isOverlay} = getContext();
  const use = (n, all) => `${of(n, all)} images (${percent(all ? n / all : null)})`;
  const own = node.counts.find((n) => n !== null);
  const alone = node.alone || findAlone(classes[0].id, node.id);
  if (!comparison || isOverlay)
    return [
      own ? `used by ${use(own, classes[0].n)}` : NOT_USED,
      isOverlay ? CHOSEN_BY[node.part] : null,
      ...tellNumbers(node),
      alone ? toAlone(alone) : null,
    ].filter(Boolean);
  return classes.map(
    ({name, n}, place) => `${'AB'[place]} ${name}: ${node.counts[place] === null ? 'not in its graph' : use(node.counts[place], n)}`,
  );
};
const tellEdge = (edge) => {
  if (edge.way)
    return [
      `the strongest way up from ${edge.source}: no influence of the graph leads up from there`,
      `through ${edge.through.join(', ')}, not in the graph; each step is counted in ${plural(edge.counts[0], 'image')} or more`,
    ];
  const {classes, comparison, isOverlay} = getContext();
  const use = (n, all) => `${of(n, all)} images`;
  const place = edge.counts.findIndex((n) => n !== null);
  if (!comparison || isOverlay) return [`influence counted in ${use(edge.counts[place], classes[0].n)}, mean ${edge.means[place]}`];
  return classes.map(({name, n}, place) =>
    `${'AB'[place]} ${name}: ${edge.counts[place] === null ? 'not in its graph' : `counted in ${use(edge.counts[place], n)}, mean ${edge.means[place]}`}`); // prettier-ignore
};

// --- light ----------------------------------------------------------------------------------------------------------
/** Dashes run along the edges that are lit. */
const flow = () => {
  const {edges} = getLit();
  if (!edges.length || reducedMotion()) return;
  const began = performance.now();
  const step = (now) => {
    if (getLit().edges !== edges || !getScene()) return;
    edges.forEach(({id}) => {
      const element = elementOf(id);
      const length = element.data('dash').reduce((sum, each) => sum + each, 0);
      element.style('line-dash-offset', -(((now - began) / 600) * length) % length);
    });
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
};
export const unlight = () => {
  over = null;
  light([], []);
};
/** Lights a node with all that it is connected with; its card says more. */
export const lightNode = (each, hasCard = true) => {
  over = each;
  const edges = [...each.into, ...each.out].filter(isShown);
  light([each, ...edges.flatMap((edge) => [edge.source, edge.target])], edges);
  flow();
  if (hasCard) showCard(each.node, boxOf(each), tellUse(each.node));
  else hideCard();
};
const lightEdge = (each, event) => {
  over = each;
  light([each.source, each.target], [each]);
  flow();
  const stage = getFrame().stage.getBoundingClientRect();
  const point = event ? {x: event.clientX - stage.left, y: event.clientY - stage.top} : {x: 0, y: 0};
  showEdgeCard(each.edge.key, [each.source.node, each.target.node], tellEdge(each.edge), point);
};

// --- the pointer ----------------------------------------------------------------------------------------------------
export const enter = (element, event) => {
  passed = null;
  if (isHeld() && find(element) !== over) return (passed = [element, event]);
  if (element.hasClass('ghost')) return showGhostCard(element);
  const each = find(element);
  if (!each) return;
  getFrame().canvas.style.cursor = each.node ? 'pointer' : 'default';
  if (each === over) return keepCard();
  if (each.node) lightNode(each);
  else lightEdge(each, event);
};
/** The pointer stays where it is, or has gone. */
const end = () => {
  unlight();
  if (passed) enter(...passed);
};
export const leave = () => {
  passed = null;
  getFrame().canvas.style.cursor = '';
  leaveCard(end);
};
export const along = (element, event) => {
  const each = find(element);
  if (each && event.pointerType !== 'touch' && event instanceof MouseEvent) scrubAlong(event, boxOf(each));
};
/** A click on a node, or Enter: opens its channel. */
export const open = (each) => {
  if (!each || !current.run.layerByName.has(each.node.layer)) return;
  hideCard(); /* the panel says it all, and the tray beneath the node needs the room */
  dispatch({layer: each.node.layer, channel: each.node.channel});
};
export const tap = (element) => {
  if (element.hasClass('ghost')) return openGhost(element.data('ghost'));
  const each = find(element);
  if (each && each.node) open(each);
};
export const tapPaper = () => current.selection.channel !== null && dispatch({channel: null});
export const pin = (id) => {
  const {pins} = current.selection;
  dispatch({pins: pins.includes(id) ? pins.filter((each) => each !== id) : [...pins, id]});
  hideCard();
  unlight();
};
const boxed = new Set();
/** What a box, dragged with Shift, encloses is pinned. */
export const box = (element) => {
  const each = find(element);
  if (each && isShown(each)) boxed.add(each.node.id);
};
export const endBox = () => {
  if (boxed.size) dispatch({pins: [...new Set([...current.selection.pins, ...boxed])]});
  boxed.clear();
};
export const bindCard = () => {
  const {card, stage} = getFrame();
  stage.addEventListener('pointermove', followPointer, true);
  card.addEventListener('pointerenter', keepCard);
  card.addEventListener('pointerleave', leave);
  card.addEventListener('focusout', leave);
};
