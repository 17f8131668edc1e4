// @ts-check
/* The strongest sources of the chosen channel that are not in the graph, in a tray beneath it of constant size.

   Their elements are in every drawing, hidden; a tray only moves and fills them. */
import {edgeWidth, greatestOf} from '../model/graph.js';
import {toImages, toScale} from '../model/elements.js';
import * as current from '../current.js';
import {load} from '../data.js';
import {of} from '../format.js';
import {dispatch} from '../selection.js';
import {canvas, elementOf} from './cytoscape.js';
import {showCard} from './graph_card.js';
import {bringImages, nameOf} from './graph_pictures.js';
import {getContext, getScene, nameOf as channelNameOf} from './graph_scene.js';
import {getWindow} from './graph_viewport.js';

const SIDE = 40; /* pixels, as all that follow */
const PITCH = 52;
const LEAST_WIDTH = 190;
const DROP = 62; /* from the node to the middle of the ghosts */
const MOST = 6;
let owner = null; /* the node that the tray belongs to */
let tray = [];

const names = (prefix) => ({
  tray: `${prefix}tray`,
  ghost: (at) => `${prefix}ghost${at}`,
  edge: (at) => `${prefix}ghost-edge${at}`,
  foot: `${prefix}foot`,
});
/** The elements of an empty tray. */
export const buildTray = (prefix) => {
  const id = names(prefix);
  const size = {...toScale(1), size: SIDE};
  const node = (key, classes, more) => ({group: 'nodes', pannable: true, data: {id: key, label: '', ...size, ...more}, classes});
  const places = Array.from({length: MOST}, (_, at) => at);
  return [
    node(id.tray, 'tray hidden', {width: 1, height: 1, drop: 0}),
    node(id.foot, 'tray foot hidden', {width: 1, height: 1, drop: 0}),
    ...places.map((at) => node(id.ghost(at), 'ghost hidden', {})),
    ...places.map((at) => ({
      group: 'edges',
      data: {id: id.edge(at), source: id.ghost(at), target: id.foot, width: 1, distances: [0, 0], weights: [0.5, 0.5]},
      classes: 'ghost hidden',
    })),
  ];
};
const hide = () => {
  const id = names(getScene().prefix);
  const all = [id.tray, id.foot, ...Array.from({length: MOST}, (_, at) => [id.ghost(at), id.edge(at)]).flat()];
  canvas().batch(() => all.forEach((each) => elementOf(each).addClass('hidden')));
};
export const clearTray = () => {
  if (owner && getScene()) hide();
  owner = null;
  tray = [];
};
/** The sources that the tray holds now. */
export const getTray = () => tray;
/** Shows the tray of the chosen node; a ghost that is chosen keeps the tray that it is in. */
export const showTray = async (each, id, then) => {
  if (!each && id && owner && tray.some((at) => at.id === id)) return markGhost(id);
  if (!each) return clearTray();
  if (owner === each) return markGhost(null);
  clearTray();
  owner = each;
  const scene = getScene();
  const sources = await readSources(each, scene);
  if (owner !== each) return;
  tray = sources;
  await bringImages(tray);
  if (getScene() !== scene || owner !== each || !tray.length) return;
  fill();
  placeTray();
  then();
};
const readSources = async ({node}, scene) => {
  const {classes, other} = getContext();
  const whose = classes[node.part === 'only-b' || node.side === 'b' ? 1 : 0];
  const payload = await load(`class/${whose.id}/channel/${node.layer}/${node.channel}`, whose.run);
  if (payload.problem) return [];
  const drawn = new Set(scene.drawing.nodes.map((each) => each.id));
  const {sources} = payload;
  const {layers} = whose.run ? other : current.run;
  return sources.channel
    .map((channel, i) => {
      const {layer} = layers[sources.layer[i]];
      return {id: `${layer}-${channel}`, layer, channel, count: sources.count[i], picture: sources.picture[i], of: whose, run: whose.run};
    })
    .filter((at) => !drawn.has(at.id))
    .slice(0, MOST);
};
const fill = () => {
  const id = names(getScene().prefix);
  canvas().batch(() => {
    elementOf(id.tray).data('label', 'strongest sources not in the graph').removeClass('hidden');
    elementOf(id.foot).removeClass('hidden');
    tray.forEach((at, place) => {
      const element = elementOf(id.ghost(place));
      element.data({ghost: at.id, label: channelNameOf(at) || String(at.channel), room: PITCH - 4, ...toImages(nameOf(at), at)});
      element
        .toggleClass('named', channelNameOf(at) !== '')
        .toggleClass('bare', !at.picture)
        .removeClass('hidden chosen');
      elementOf(id.edge(place)).removeClass('hidden');
    });
  });
};
const markGhost = (id) => {
  const own = names(getScene().prefix);
  tray.forEach((at, place) => elementOf(own.ghost(place)).toggleClass('chosen', at.id === id));
};
/** How far a tray must move sideways so that it stays beside the labels and inside the window. */
const inWindow = (x, half) => {
  const {left, right, at} = getWindow();
  if (at(x) < left || at(x) > right) return 0;
  return Math.max(left + half - at(x), Math.min(0, right - half - at(x)));
};
/** At the node's lower edge, or at its left one; the same size on the screen at any zoom. */
export const placeTray = () => {
  if (!owner || !tray.length || !getScene()) return;
  const right = current.selection.direction === 'right';
  const unit = 1 / canvas().zoom();
  const half = owner.node.size / 2;
  const width = Math.max(tray.length * PITCH + 12, right ? 0 : LEAST_WIDTH);
  const shift = right ? 0 : inWindow(owner.x, width / 2 + 6);
  const foot = right ? {x: owner.x - half, y: owner.y} : {x: owner.x, y: owner.y + half};
  const at = (across, away) =>
    right ? {x: foot.x - away * unit, y: foot.y + across * unit} : {x: foot.x + across * unit, y: foot.y + away * unit};
  const scale = {...toScale(1 / unit), size: SIDE * unit};
  const long = width * unit;
  const deep = (SIDE + 44) * unit;
  const id = names(getScene().prefix);
  canvas().batch(() => {
    elementOf(id.tray)
      .data({...scale, width: right ? deep : long, height: right ? long : deep, drop: -17 * unit})
      .position(at(shift, DROP + 2));
    elementOf(id.foot).data({size: unit, width: unit, height: unit}).position(foot);
    const most = greatestOf(tray.map((each) => each.count));
    tray.forEach((each, place) => {
      elementOf(id.ghost(place))
        .data(scale)
        .position(at((place - (tray.length - 1) / 2) * PITCH + shift, DROP));
      elementOf(id.edge(place)).data('width', (edgeWidth(each.count, most) / 2) * unit);
    });
  });
};
export const openGhost = (id) => {
  const at = tray.find((each) => each.id === id);
  if (at) dispatch({layer: at.layer, channel: at.channel});
};
export const tellGhost = (at) => `influence counted in ${of(at.count, at.of.n)} images`;
export const showGhostCard = (element) => {
  const at = tray.find((each) => each.id === element.data('ghost'));
  const {x1: left, x2: right, y1: top, y2: bottom} = element.renderedBoundingBox({includeLabels: false, includeOverlays: false});
  if (at) showCard(at, {left, right, top, bottom}, ['not in the graph', tellGhost(at)], false);
};
