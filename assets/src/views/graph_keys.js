// @ts-check
/* Keys in the graph: arrows along a layer and along the strongest influences, Enter, p; and + - anywhere. */
import * as current from '../current.js';
import {isShown, rove} from './graph_canvas.js';
import {openGhost} from './graph_ghosts.js';
import {find, open, pin} from './graph_hover.js';
import {graph} from './graph_state.js';
import {reveal, zoomBy} from './graph_viewport.js';

const inLayer = (each, step) => {
  const row = [...graph.scene.nodes.values()]
    .filter((other) => isShown(other) && other.node.layer === each.node.layer)
    .sort((a, b) => a.node.x - b.node.x || a.node.y - b.node.y);
  return row[row.indexOf(each) + step];
};
const along = (each, edges, end) => {
  const strongest = edges.filter(isShown).sort((a, b) => b.edge.width - a.edge.width)[0];
  return strongest && strongest[end];
};
const DOWN = {ArrowLeft: 'before', ArrowRight: 'after', ArrowUp: 'out', ArrowDown: 'into'};
const RIGHT = {ArrowUp: 'before', ArrowDown: 'after', ArrowRight: 'out', ArrowLeft: 'into'};
const WAYS = {
  before: (each) => inLayer(each, -1),
  after: (each) => inLayer(each, 1),
  out: (each) => along(each, each.out, 'target'),
  into: (each) => along(each, each.into, 'source'),
};
const focus = (each) => {
  if (!each) return;
  rove(each);
  reveal(each);
  requestAnimationFrame(() => each.element.focus());
};
const inTray = (ghost, step) => {
  const all = [...graph.scene.ghosts.querySelectorAll('[data-ghost]')];
  const next = all[all.indexOf(ghost) + step];
  if (next) next.focus();
};
const steer = (event) => {
  const ghost = event.target.closest('[data-ghost]');
  const each = !ghost && find(event.target);
  const way = (current.selection.direction === 'right' ? RIGHT : DOWN)[event.key];
  const opens = event.key === 'Enter' || event.key === ' ';
  if (event.ctrlKey || event.metaKey || event.altKey || (!ghost && !each)) return;
  if (ghost && opens) openGhost(ghost);
  else if (ghost && (way === 'before' || way === 'after')) inTray(ghost, way === 'before' ? -1 : 1);
  else if (each && opens) open(each.element);
  else if (each && way) focus(WAYS[way](each));
  else if (each && event.key === 'p') pin(each.node.id);
  else return;
  event.preventDefault();
  event.stopPropagation();
};
const KEYS = {'+': () => zoomBy(1.3), '=': () => zoomBy(1.3), '-': () => zoomBy(1 / 1.3)};
const isTyping = (target) => target.matches('input:not([type=range]), textarea, select, [contenteditable]');

export const bindKeys = () => {
  graph.frame.paper.addEventListener('keydown', steer);
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (!KEYS[event.key] || !graph.scene || !graph.frame.pane.offsetParent) return;
    event.preventDefault();
    KEYS[event.key]();
  });
};
