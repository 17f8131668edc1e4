// @ts-check
/* The layers beside the graph, at the height of their rows: names, counts, in a comparison how much is shared. */
import * as current from '../current.js';
import {action, h, icon} from '../dom.js';
import {cosine, of, plural} from '../format.js';
import {dispatch} from '../selection.js';
import {getFrame} from './graph_frame.js';
import {getScene, isShown} from './graph_scene.js';
import {getStageSize, toScreen} from './graph_viewport.js';

export const JACCARD_TIP = 'Shared: channels of both graphs over all channels of the two in this layer (Jaccard index).';
export const COSINE_TIP = "Alike: cosine of the two classes' activation counts over all channels of the layer.";
let rows = new Map();
let line = null;

const measureTip = (name) => {
  const {measure} = current.run.layerByName.get(name);
  return measure ? `Influences on ${name}. ${measure.text}` : null;
};
const expander = (name) =>
  h('button', {type: 'button', class: 'expand', 'data-expand': name, 'aria-pressed': 'false', 'aria-label': `More channels of ${name}`,
    'data-tip': 'The 24 channels of this layer that most images of the class use, also those beyond the graph.', onclick: () => toggle(name)},
    icon('plus')); // prettier-ignore
const toggle = (name) => {
  const {expand} = current.selection;
  dispatch({expand: expand.includes(name) ? expand.filter((layer) => layer !== name) : [...expand, name]});
};
const buildRow = (name, n) =>
  h('div', {class: 'gutter-row', 'data-layer': name},
    action({layer: name}, {class: 'row-name', 'data-tip': measureTip(name)},
      h('span', {class: 'row-layer'}, name), h('span', {class: 'row-count', 'data-n': n}, plural(n, 'channel'))),
    expander(name)); // prettier-ignore
const buildCompared = (each, parting, isOverlay) => {
  const pieces = [
    ['only-a', each.onlyA],
    ['shared', each.shared],
    ['only-b', each.onlyB],
  ].filter(([, n]) => n);
  const [a, b] = isOverlay ? ['PageRank', 'effect'] : ['A', 'B'];
  const tip = `${each.layer}: ${each.shared} shared, ${each.onlyA} only ${a}, ${each.onlyB} only ${b}. ${JACCARD_TIP}${isOverlay ? '' : ` ${COSINE_TIP}`}`;
  const alike = isOverlay ? null : h('span', {}, 'alike ', h('b', {}, cosine(each.cosine)));
  return h('div', {class: `gutter-row compared${each.layer === parting ? ' parting-row' : ''}`, 'data-layer': each.layer},
    action({layer: each.layer}, {class: 'row-name', 'data-tip': tip},
      h('span', {class: 'row-layer'}, each.layer),
      h('span', {class: 'parts'}, pieces.map(([part, n]) => h('span', {class: part, style: `flex-grow:${n}`}))),
      h('span', {class: 'row-numbers'}, h('span', {}, 'shared ', h('b', {}, `${Math.round(100 * each.jaccard)} %`)), alike))); // prettier-ignore
};
/** A row per layer that has channels. */
export const showGutter = ({comparison, drawing, isOverlay}) => {
  const {gutter, under} = getFrame();
  const sizes = new Map();
  drawing.nodes.forEach((node) => sizes.set(node.layer, (sizes.get(node.layer) || 0) + 1));
  const built = comparison
    ? comparison.layers.filter((each) => each.jaccard !== null).map((each) => buildCompared(each, comparison.parting, isOverlay))
    : drawing.layers.filter((layer) => sizes.has(layer)).map((layer) => buildRow(layer, sizes.get(layer)));
  rows = new Map(built.map((row) => [row.dataset.layer, row]));
  line =
    comparison && comparison.parting && !isOverlay
      ? h('div', {class: 'parting-line', 'data-parting': comparison.parting}, 'they part here ↑')
      : null;
  gutter.classList.toggle('of-two', Boolean(comparison));
  gutter.replaceChildren(...built);
  under.replaceChildren(...(line ? [line] : []));
  markLayer(current.selection.layer);
};
export const clearGutter = () => {
  rows = new Map();
  line = null;
  getFrame().gutter.replaceChildren();
  getFrame().under.replaceChildren();
};
export const markLayer = (layer) =>
  rows.forEach((row, name) => {
    row.querySelector('.row-name').setAttribute('aria-current', String(name === layer));
    const more = row.querySelector('.expand');
    if (more) more.setAttribute('aria-pressed', String(current.selection.expand.includes(name)));
  });
/** The channels of each layer that are shown, of all: "2 of 9 channels". */
export const countRows = () => {
  const counts = new Map();
  getScene().nodes.forEach((each) => isShown(each) && counts.set(each.node.layer, (counts.get(each.node.layer) || 0) + 1));
  rows.forEach((row, name) => {
    const text = row.querySelector('.row-count');
    if (!text) return;
    const [shown, all] = [counts.get(name) || 0, Number(text.dataset.n)];
    text.textContent = shown === all ? plural(all, 'channel') : `${of(shown, all)} channels`;
  });
};

// --- places ---------------------------------------------------------------------------------------------------------
const spansOf = (axis) => {
  const spans = new Map();
  getScene().nodes.forEach((each) => {
    if (!isShown(each)) return;
    const at = toScreen(each)[axis];
    const span = spans.get(each.node.layer) || {low: at, high: at};
    spans.set(each.node.layer, {low: Math.min(span.low, at), high: Math.max(span.high, at)});
  });
  return spans;
};
/** Puts every row at the height of its nodes, or above them where the graph runs from left to right. */
export const placeGutter = () => {
  const right = current.selection.direction === 'right';
  const spans = spansOf(right ? 'x' : 'y');
  const most = getStageSize()[right ? 'width' : 'height'];
  const {gutter, under} = getFrame();
  [gutter, under].forEach((element) => element.classList.toggle('above', right));
  rows.forEach((row, name) => {
    const span = spans.get(name);
    const at = span ? (span.low + span.high) / 2 : 0;
    row.hidden = !span || at < -30 || at > most + 30;
    row.style.transform = right ? `translate(calc(${at}px - 50%), 0)` : `translate(0, calc(${at}px - 50%))`;
  });
  placeLine(spans, right);
};
const placeLine = (spans, right) => {
  if (!line) return;
  const span = spans.get(line.dataset.parting);
  const all = [...spans.values()].sort((a, b) => a.low - b.low);
  const near = span && all[all.indexOf(span) + (right ? -1 : 1)];
  line.hidden = !near;
  if (!near) return;
  const at = right ? (near.high + span.low) / 2 : (span.high + near.low) / 2;
  line.style.transform = right ? `translate(${at}px, 0)` : `translate(0, ${at}px)`;
  line.textContent = right ? 'they part here →' : 'they part here ↑';
};
