// @ts-check
/* The strongest sources of the chosen channel that are not in the graph, as ghosts beneath it, in a tray of constant size. */
import * as current from '../current.js';
import {load} from '../data.js';
import {h} from '../dom.js';
import {of} from '../format.js';
import {edgeWidth, greatest} from '../model/graph.js';
import {picture} from '../pictures.js';
import {dispatch} from '../selection.js';
import {buildPicture} from './graph_canvas.js';
import {showCard} from './graph_card.js';
import {graph} from './graph_state.js';
import {visibleWindow} from './graph_viewport.js';

const SIDE = 40;
const PITCH = 52;
const TITLE = 14;
const LEAST_WIDTH = 184;
const DROP = 62; /* from the node to the middle of the ghosts */
const MOST = 6;
let owner = null; /* key of the node that the tray belongs to */
let tray = [];
let shift = 0; /* sideways, of the tray from its node */

const clear = () => {
  owner = null;
  tray = [];
  if (graph.scene) graph.scene.ghosts.replaceChildren();
};
const mark = (id) =>
  graph.scene.ghosts
    .querySelectorAll('[data-ghost]')
    .forEach((element) => element.classList.toggle('chosen', element.dataset.ghost === id));
/** Shows the tray of the chosen node; a ghost that is chosen keeps the tray that it is in. */
export const showGhosts = (each, id) => {
  if (!each && id && owner && tray.some((at) => at.id === id)) {
    place(graph.scene.nodes.get(owner));
    mark(id);
  } else if (!each) clear();
  else if (owner === each.node.key && graph.scene.ghosts.childNodes.length) {
    place(each);
    mark(null);
  } else bring(each);
};
const bring = async (each) => {
  clear();
  const {scene} = graph;
  const {node} = each;
  owner = node.key;
  const whose = graph.context.classes[node.part === 'only-b' || node.side === 'b' ? 1 : 0];
  const payload = await load(`class/${whose.id}/channel/${node.layer}/${node.channel}`, whose.run);
  if (graph.scene !== scene || owner !== node.key || payload.problem) return;
  const drawn = new Set(scene.drawing.nodes.map((other) => other.id));
  const {sources} = payload;
  const {layers} = whose.run ? graph.context.other : current.run;
  tray = sources.channel
    .map((channel, i) => {
      const {layer} = layers[sources.layer[i]];
      return {
        id: `${layer}-${channel}`,
        layer,
        channel,
        count: sources.count[i],
        picture: sources.picture[i],
        of: whose,
        run: whose.run,
        size: SIDE,
      };
    })
    .filter((at) => !drawn.has(at.id))
    .slice(0, MOST);
  if (tray.length) draw(each);
};
const buildGhost = (at, x, y, place) => {
  const {image, parts} = buildPicture(at);
  if (image) image.setAttribute('href', picture(at.layer, at.channel, at.run));
  const tell = `${at.id}, not in the graph, influence counted in ${of(at.count, at.of.n)} images`;
  return h(
    'g',
    {class: 'ghost', role: 'button', tabindex: place ? -1 : 0, 'data-ghost': at.id, 'aria-label': tell, transform: `translate(${x} ${y})`},
    parts,
  );
};
/** How far a tray must move sideways so that it stays beside the labels and inside the window. */
const inWindow = (x, half) => {
  const {left, right, at} = visibleWindow();
  if (at(x) < left || at(x) > right) return 0;
  return Math.max(left + half - at(x), Math.min(0, right - half - at(x)));
};
/** Beneath a node the tray has room for its title. */
const trayWidth = () => Math.max(tray.length * PITCH + 12, current.selection.direction === 'right' ? 0 : LEAST_WIDTH);
const draw = (each) => {
  const right = current.selection.direction === 'right';
  const most = greatest(tray.map((at) => at.count));
  const width = trayWidth();
  shift = right ? 0 : inWindow(each.x, width / 2 + 6);
  const at = (place) => (place - (tray.length - 1) / 2) * PITCH + shift;
  const box = right
    ? {x: -DROP - SIDE / 2 - 12, y: -width / 2 - 8, width: SIDE + 24, height: width + 8}
    : {x: shift - width / 2, y: DROP - SIDE / 2 - 20, width, height: SIDE + 30 + TITLE};
  const edges = tray.map((ghost, place) => {
    const [x, y] = right ? [-DROP + SIDE / 2, at(place)] : [at(place), DROP - SIDE / 2];
    const d = right ? `M${x} ${y}C${x / 2} ${y} ${x / 2} 0 0 0` : `M${x} ${y}C${x} ${y / 2} 0 ${y / 2} 0 0`;
    return h('path', {class: 'ghost-edge', d, style: `--w:${edgeWidth(ghost.count, most) / 2}`});
  });
  const ghosts = tray.map((ghost, place) =>
    right ? buildGhost(ghost, -DROP, at(place), place) : buildGhost(ghost, at(place), DROP, place),
  );
  const title = h(
    'text',
    {class: 'tray-title', x: box.x + box.width / 2, y: box.y + box.height + (right ? 12 : -6)},
    'strongest sources not in the graph',
  );
  graph.scene.ghosts.replaceChildren(h('rect', {class: 'tray', ...box, rx: 8}), ...edges, ...ghosts, title);
  place(each);
};
/** At the node's lower edge, or at its left one; the same size on the screen at any zoom. */
const place = (each) => {
  const right = current.selection.direction === 'right';
  const half = each.node.size / 2;
  const [x, y] = right ? [each.x - half, each.y] : [each.x, each.y + half];
  graph.scene.ghosts.style.transform = `translate(${x}px, ${y}px) scale(calc(1 / var(--zoom)))`;
};
export const placeGhosts = () => {
  const each = owner && graph.scene && graph.scene.nodes.get(owner);
  if (!each || !tray.length) return;
  const half = trayWidth() / 2 + 6;
  if (current.selection.direction !== 'right' && Math.abs(inWindow(each.x, half) - shift) > 0.5) draw(each);
  else place(each);
};
const find = (element) => tray.find((at) => at.id === element.dataset.ghost);
export const openGhost = (element) => {
  const at = find(element);
  if (at) dispatch({layer: at.layer, channel: at.channel});
};
export const showGhostCard = (element) => {
  const at = find(element);
  if (at) showCard(at, element, ['not in the graph', `influence counted in ${of(at.count, at.of.n)} images`], false);
};
