// @ts-check
/* What the pointer and the focus do: light a node with its influences, or an influence with its ends; click and pin. */
import * as current from '../current.js';
import {of} from '../format.js';
import {dispatch} from '../selection.js';
import {isShown, light, tellUse} from './graph_canvas.js';
import {hideCard, keepCard, leaveCard, scrubAlong, showCard, showEdgeCard} from './graph_card.js';
import {showGhostCard} from './graph_ghosts.js';
import {graph} from './graph_state.js';
import {isDragging} from './graph_viewport.js';

let lit = null;

export const find = (element) => {
  const owner = element.closest && element.closest('[data-key]');
  if (!owner || !graph.scene) return null;
  const {nodes, edges} = graph.scene;
  return owner.hasAttribute('data-node') ? nodes.get(owner.dataset.key) : edges.get(owner.dataset.key);
};
const unlight = () => {
  lit = null;
  if (graph.scene) light([], []);
};
const lightNode = (each) => {
  const edges = [...each.into, ...each.out].filter(isShown);
  light([each, ...edges.flatMap((edge) => [edge.source, edge.target])], edges);
  showCard(each.node, each.element, tellUse(each.node));
};
const tellEdge = (edge) => {
  const {classes, comparison} = graph.context;
  const use = (count, n) => `${of(count, n)} images`;
  if (!comparison) return [`influence counted in ${use(edge.counts[0], classes[0].n)}, mean ${edge.means[0]}`];
  return classes.map(({name, n}, place) =>
    `${'AB'[place]} ${name}: ${edge.counts[place] === null ? 'not in its graph' : `counted in ${use(edge.counts[place], n)}, mean ${edge.means[place]}`}`); // prettier-ignore
};
const lightEdge = (each, event) => {
  light([each.source, each.target], [each]);
  const stage = graph.frame.stage.getBoundingClientRect();
  const ends = [each.source.node, each.target.node];
  showEdgeCard(each.edge.key, ends, tellEdge(each.edge), {x: event.clientX - stage.left, y: event.clientY - stage.top});
};

const enter = (event) => {
  if (isDragging()) return;
  const ghost = event.target.closest('[data-ghost]');
  const each = find(event.target);
  if (ghost) showGhostCard(ghost);
  else if (!each) {
    if (lit) leave();
    return;
  }
  if (each === lit || ghost) return keepCard();
  lit = each;
  if (each.node) lightNode(each);
  else lightEdge(each, event);
};
const leave = () => leaveCard(unlight);

/** A click on a node, or Enter: opens its channel. */
export const open = (element) => {
  const each = find(element);
  if (!each || !current.run.layerByName.has(each.node.layer)) return;
  hideCard(); /* the panel says it all, and the tray beneath the node needs the room */
  dispatch({layer: each.node.layer, channel: each.node.channel});
};
export const pin = (id) => {
  const {pins} = current.selection;
  dispatch({pins: pins.includes(id) ? pins.filter((pin) => pin !== id) : [...pins, id]});
  hideCard();
  unlight();
};
export const bindHover = () => {
  const {paper, card} = graph.frame;
  paper.addEventListener('pointerover', enter);
  paper.addEventListener('pointerleave', leave);
  paper.addEventListener('pointermove', (event) => {
    const owner = event.pointerType === 'mouse' && event.target.closest('[data-node]');
    if (owner) scrubAlong(event, owner);
  });
  paper.addEventListener('focusin', (event) => {
    const each = event.target.matches(':focus-visible') && find(event.target);
    if (!each || each === lit) return;
    lit = each;
    lightNode(each);
  });
  paper.addEventListener('focusout', leave);
  card.addEventListener('pointerenter', keepCard);
  card.addEventListener('pointerleave', leave);
  card.addEventListener('focusout', leave);
};
