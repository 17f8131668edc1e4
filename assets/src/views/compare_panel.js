// @ts-check
/* Beside a comparison: every layer in numbers, for B and up to two more classes against A; and which classes to look at. */
import * as current from '../current.js';
import {load} from '../data.js';
import {action, h, icon, term} from '../dom.js';
import {cosine} from '../format.js';
import {dispatch} from '../selection.js';
import {compare, differHere, readCosines} from '../model/comparison.js';
import {readGraph} from '../model/graph.js';
import {changed, view} from '../views.js';
import {getFrame} from './graph_frame.js';
import {COSINE_TIP, JACCARD_TIP} from './graph_gutter.js';
import {buildPicker} from './graph_picker.js';
import {getContext} from './graph_scene.js';
import {press} from './graph_tools.js';
import {showChart} from '../widgets/chart.js';

const MOST = 2; /* classes beside B */
const LETTERS = 'BCD';
const DIFFER_TIP =
  'Classes much like A in the layers before this one and unlike it here: the mean cosine of their activation counts with those of A over all layers before, minus the cosine at this layer; the greatest differences first.';
const isOpen = () => Boolean(current.selection) && current.selection.bars === 'shown';
let turn = 0;
let picker = null;

// --- parts --------------------------------------------------------------------------------------------------------
const buildChip = (info, place) => {
  const {also} = current.selection;
  const rest = also.filter((id) => id !== info.id);
  const remove = place ? action({also: rest}, {class: 'icon-button small', 'aria-label': `Remove ${info.name}`}, icon('close')) : null;
  return h(
    'span',
    {class: 'chip', 'data-class': info.id},
    h('span', {class: `badge badge-${'bcd'[place]}`}, LETTERS[place]),
    h('span', {class: 'name'}, info.name),
    remove,
  );
};
const add = ({id}) => {
  const {also, vs, vs_run: theirs} = current.selection;
  if ((theirs || id !== vs) && !also.includes(id)) dispatch({also: [...also, id].slice(-MOST)});
};
const buildChips = (others) => {
  picker =
    picker || buildPicker({id: 'also', label: 'One more class', hint: 'add a class…', classes: () => current.run.classes, choose: add});
  picker.show(null);
  return h('div', {class: 'chips'}, others.map(buildChip), others.length <= MOST ? picker.element : null);
};
const buildLine = ({info, comparison}, layer, place) => {
  const each = comparison.layers.find((other) => other.layer === layer);
  const tip = `${info.name} at ${layer}: ${each.shared} shared, ${each.onlyA} only A, ${each.onlyB} only ${LETTERS[place]}.`;
  return h('div', {class: 'compared-line', 'data-class': info.id, 'data-tip': tip},
    h('span', {class: `badge badge-${'bcd'[place]}`}, LETTERS[place]),
    h('span', {class: 'bars', 'data-place': place, 'data-jaccard': each.jaccard || 0, 'data-cosine': each.cosine || 0}),
    h('span', {class: 'number'}, each.jaccard === null ? '–' : `${Math.round(100 * each.jaccard)} %`), h('span', {class: 'number'}, cosine(each.cosine)),
    h('span', {class: 'number muted'}, `${each.onlyA}·${each.shared}·${each.onlyB}`)); // prettier-ignore
};
const buildRow = (layer, against) =>
  h('section', {class: 'compared-layer', 'data-layer': layer},
    action({layer}, {class: 'row-layer', 'aria-current': String(layer === current.selection.layer)}, layer),
    against.map((each, place) => buildLine(each, layer, place))); // prettier-ignore
const buildHeads = () =>
  h('div', {class: 'compared-heads'}, h('span'), h('span'), term('shared', `${JACCARD_TIP} The thick bar.`, {entry: 'jaccard-index'}), term('alike', `${COSINE_TIP} The thin bar.`, {entry: 'similarity-of-two-classes'}),
    term('A·both·B', 'Channels only in the graph of A, in both graphs, and only in the other.')); // prettier-ignore

const buildDiffering = ({classes, payloads}) => {
  const {layer} = current.selection;
  const layers = current.run.layers.map((each) => each.layer);
  const found = layers.includes(layer) ? differHere(payloads[0].similarity, layers, layer, classes[0].place) : [];
  const words = found.length
    ? null
    : h('p', {class: 'muted'}, 'None: no layer before this one tells any class apart from A less than this one does.');
  const rows = found.map(({place, before, here}) => {
    const info = current.run.classes[place];
    return action({vs: info.id, vs_run: null, view: 'compare'}, {class: 'differing', 'data-class': info.id},
      h('span', {class: 'name'}, [info.name, info.mark].filter(Boolean).join(' ')), h('span', {class: 'number muted'}, `${cosine(before)} → ${cosine(here)}`)); // prettier-ignore
  });
  return h('section', {class: 'differ'}, h('h2', {}, term(`Similar, but differ at ${layer}`, DIFFER_TIP)), words, rows);
};

// --- the bars -----------------------------------------------------------------------------------------------------
const THICK = [-2, 6]; /* middle, from that of the line, and thickness in px */
const THIN = [4, 3];
/** The figure of all bars: a thick and a thin one in the place of each line, on a ground as wide as 1. */
const fillBars = (lines, height, {data, layout, colors, ground}) => {
  const bars = lines.flatMap(({y, place, jaccard, cosine: alike}) => [
    [jaccard, y + THICK[0], THICK[1], colors[place]],
    [alike, y + THIN[0], THIN[1], colors[place]],
  ]);
  const trace = (x, color) => ({
    ...data[0],
    x,
    y: bars.map(([, y]) => y),
    width: bars.map(([, , thick]) => thick),
    marker: {...data[0].marker, color},
  });
  const traces = [trace(bars.map(() => 1), ground), trace(bars.map(([x]) => x), bars.map(([, , , color]) => color))]; // prettier-ignore
  return {data: traces, layout: {...layout, yaxis: {...layout.yaxis, range: [height, 0]}}};
};
const showBars = (rows) => {
  const places = [...rows.querySelectorAll('.bars')];
  if (!places.length) return;
  const {top} = rows.getBoundingClientRect();
  const lines = places.map((place) => {
    const box = place.parentElement.getBoundingClientRect();
    const {place: at, jaccard, cosine: alike} = place.dataset;
    return {y: box.top + box.height / 2 - top, place: Number(at), jaccard: Number(jaccard), cosine: Number(alike)};
  });
  const height = Math.ceil(Math.max(...lines.map(({y}) => y))) + 12;
  const element = h('div', {class: 'bars-figure', 'aria-hidden': 'true', style: `height:${height}px`});
  rows.append(element);
  showChart(element, (theme) => fillBars(lines, height, current.run.figures[theme].bars), {isStatic: true});
};

// --- the panel ----------------------------------------------------------------------------------------------------
const against = async ({graphs, payloads, other}, others) => {
  const loaded = await Promise.all(others.map((info) => load(`class/${info.id}`, info.run)));
  return others
    .map((info, place) => ({info, payload: loaded[place]}))
    .filter(({payload}) => !payload.problem)
    .map(({info, payload}) => ({
      info,
      comparison: compare(
        graphs[0],
        readGraph(
          payload,
          (info.run ? other : current.run).layers.map((each) => each.layer),
        ),
        readCosines(payloads[0], info),
      ),
    }));
};
/** Fills the panel for a comparison; without one it is away. */
export const showComparison = async (context) => {
  const {side} = getFrame();
  const mine = ++turn;
  side.hidden = !isOpen() || !context || !context.comparison || context.isOverlay;
  press('bars', isOpen());
  if (side.hidden) return;
  const also = current.selection.also
    .filter((id) => current.run.classById.has(id) && (context.classes[1].run || id !== context.classes[1].id))
    .slice(0, MOST);
  const others = [context.classes[1], ...also.map((id) => current.run.classById.get(id))];
  const compared = await against(context, others);
  if (mine !== turn) return;
  const layers = context.comparison.layers.filter((each) => each.jaccard !== null).map((each) => each.layer);
  const rows = h('div', {class: 'compared-layers'}, layers.reverse().map((layer) => buildRow(layer, compared))); // prettier-ignore
  side.replaceChildren(
    h(
      'div',
      {class: 'compare-head'},
      h('h2', {}, `Layers, against ${context.classes[0].name}`),
      h('button', {type: 'button', class: 'icon-button small', 'aria-label': 'Close the layers', onclick: toggleComparison}, icon('close')),
    ),
    h('div', {class: 'compare-body'}, buildChips(others), buildHeads(), rows, buildDiffering(context)),
  );
  showBars(rows);
};
export const toggleComparison = () => dispatch({bars: isOpen() ? 'away' : 'shown'});
view('layers', (selection, before) => {
  if (before && changed(selection, before, 'bars')) showComparison(getContext());
});
