// @ts-check
/* The page of transfer: where to cut which model, by accuracy and cost; two cuts side by side; the command to go on with. */
import * as current from '../current.js';
import {boot, load} from '../data.js';
import {action, emptyState, h, term} from '../dom.js';
import {percent} from '../format.js';
import {copyText} from '../link.js';
import {chooseCuts, nameCut} from '../model/transfer.js';
import {askForPlotly} from '../plotly.js';
import {dispatch} from '../selection.js';
import {changed, view} from '../views.js';
import {addKinds, fill} from '../widgets/blocks.js';
import {showChart} from '../widgets/chart.js';
import {buildSegments, pressSegment} from '../widgets/segments.js';
import {forgetPair, showPair} from './transfer_pair.js';
import {chooseCut, showTraining} from './transfer_training.js';

const AXES = [
  ['depth', 'Depth', 'From the first cut of each model to its last.'],
  ['multiply_adds', 'Multiply-adds', 'Of convolutions and matrix products for one image, with the head.'],
  ['parameters', 'Parameters', 'Of the model cut there, with its head.'],
  ['milliseconds', 'Milliseconds', 'For one image on one thread or on the GPU, the least of several, without the head.'],
];
const PARTS = ['advice', 'curves', 'cuts', 'learned', 'training', 'pair', 'images'];
const part = (name) => document.querySelector(`#transfer .transfer-${name}`);
const chart = h('div', {class: 'transfer-chart', role: 'img', 'aria-label': 'Accuracy of the cuts'});
const axes = buildSegments(
  'Along the cuts',
  AXES.map(([name, text, tip]) => ({name, text, 'data-tip': tip, 'data-action': JSON.stringify({axis: name})})),
);
const side = h('div', {class: 'transfer-chosen'});

// --- a run --------------------------------------------------------------------------------------------------------
/** The results that are served beside the run. */
const buildResults = () => {
  const results = boot.runs.filter(({kind}) => kind === 'transfer');
  const item = ({name}) => h('li', {}, action({run: name}, {class: 'link'}, name));
  return results.length ? [h('h2', {}, 'Transfer results'), h('ul', {class: 'transfer-results'}, results.map(item))] : [];
};
const MISSING = {
  rule: 'A transfer result says which model and layer classify your images best, and where to cut.',
  found: 'None is open beside this run.',
  fix: 'Make one with `summit-dash transfer IMAGES --models A,B --out RESULT`, and open both: `summit-dash serve RUN RESULT`.',
};
const showRun = () => {
  PARTS.forEach((name) => part(name).replaceChildren());
  const results = buildResults();
  part('advice').replaceChildren(...(results.length ? results : [emptyState(MISSING)]));
};

// --- accuracy by depth and cost -----------------------------------------------------------------------------------
const COLORS = [['A', '#D55E00'], ['B', null]]; // prettier-ignore
/** The figure of an axis with rings round the two chosen cuts. */
const markChosen = (figure, theme, places) => {
  const at = (place) => {
    const trace = figure.data.find(({customdata}) => customdata && customdata.includes(place));
    const i = trace ? trace.customdata.indexOf(place) : -1;
    return trace ? [trace.x[i], trace.y[i]] : null;
  };
  const blue = theme === 'dark' ? '#3FA0DC' : '#0072B2';
  const rings = COLORS.flatMap(([name, color], i) => {
    const found = at(places[i]);
    if (!found) return [];
    const ring = {symbol: 'circle-open', size: 20, color: color || blue, line: {width: 2.5}};
    const font = {size: 13, color: color || blue};
    const text = {text: [`<b>${name}</b>`], textposition: i ? 'bottom center' : 'top center', textfont: font};
    return [{x: [found[0]], y: [found[1]], mode: 'markers+text', marker: ring, hoverinfo: 'skip', showlegend: false, cliponaxis: false, ...text}]; // prettier-ignore
  });
  return {...figure, data: [...figure.data, ...rings]};
};
const choosePoint = (found) => (point, event) => {
  const row = found.cuts[point.customdata];
  if (row) dispatch(event && event.shiftKey ? {vs_cut: nameCut(row)} : {cut: nameCut(row)});
};
const showCurves = (found, selection, places) => {
  if (!part('curves').contains(chart)) {
    const title = term('Accuracy', 'Share of the images held out whose most probable class is their own. Bands are 95 % intervals.');
    const head = h('div', {class: 'transfer-head'}, h('h2', {}, title, ' by'), axes);
    const hint = h('p', {class: 'muted transfer-hint'}, 'Filled points are within one standard error of the best. A click on a point makes it A, with Shift B.');
    part('curves').replaceChildren(h('div', {class: 'transfer-plot'}, head, chart, hint), side);
  } // prettier-ignore
  pressSegment(axes, selection.axis);
  showChart(chart, (theme) => markChosen(found.figures[theme][selection.axis], theme, places), {click: choosePoint(found)});
};

// --- the chosen cut -----------------------------------------------------------------------------------------------
/** A command, an option on each line, with a button that copies it as one. */
const buildCommand = (command) =>
  h(
    'div',
    {class: 'command'},
    h('code', {tabindex: 0, role: 'region', 'aria-label': 'Command'}, command.replaceAll(' --', ' \\\n  --')),
    h('button', {type: 'button', class: 'tool', 'aria-label': 'Copy the command', onclick: () => copyText(command, 'Command copied')}, 'Copy'),
  ); // prettier-ignore
const showChosen = (found, [a, b]) => {
  const row = found.cuts[a];
  if (!row) {
    side.replaceChildren(emptyState(unknownCut(current.selection.cut)));
    return;
  }
  const {marks, facts, words, command} = found.blocks.chosen[a];
  const other = found.cuts[b];
  const beside = other && a !== b ? [['B', `${other.model} after ${other.cut}, ${percent(other.accuracy)}`]] : [];
  side.replaceChildren(
    h('h3', {}, h('span', {class: 'badge badge-a'}, 'A'), ` ${row.model} after ${row.cut}`),
    h('p', {class: 'muted'}, marks),
    h(
      'dl',
      {},
      [...facts, ...beside].map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]),
    ),
    h('p', {class: 'muted'}, words),
    buildCommand(command),
  );
};
const unknownCut = (name) => ({
  rule: 'A cut is named MODEL@LAYER, as in the table.',
  found: `The link says ${name}, which is none of this result.`,
  fix: 'Choose one in the table.',
});

// --- the table of cuts --------------------------------------------------------------------------------------------
let names = []; /* of A and B */
const chooser = (letter, field, name) =>
  action(
    {[field]: name},
    {class: `cut-choice cut-${letter.toLowerCase()}`, 'aria-pressed': String(names['AB'.indexOf(letter)] === name), 'aria-label': `${name} as ${letter}`},
    letter,
  ); // prettier-ignore
addKinds({cut_choices: (name) => h('td', {class: 'cut-choices'}, chooser('A', 'cut', name), chooser('B', 'vs_cut', name))});
const showCuts = ({blocks, cuts}, places) => {
  names = places.map((place) => cuts[place] && nameCut(cuts[place]));
  fill(part('cuts'), blocks.cuts);
};

// --- the page -----------------------------------------------------------------------------------------------------
const FIELDS = ['view', 'run', 'cut', 'vs_cut', 'axis', 'differ', 'image'];
let shown = null; /* the result whose tables are there */
const showResult = async (selection, last) => {
  const {run} = current;
  askForPlotly(false);
  const found = await load('transfer');
  if (current.run !== run || current.selection.view !== 'transfer') return;
  if (found.problem) {
    PARTS.forEach((name) => part(name).replaceChildren());
    part('advice').replaceChildren(emptyState(found.problem));
    return;
  }
  const places = chooseCuts(current.selection, found.cuts);
  if (shown !== found || !last) {
    ['advice', 'learned'].forEach((name) => fill(part(name), found.blocks[name]));
    showTraining(part('training'), found, places[0], () => showResult(current.selection, null));
    forgetPair();
  }
  shown = found;
  if (changed(selection, last, 'axis', 'cut', 'vs_cut', 'run')) showCurves(found, current.selection, places);
  if (changed(selection, last, 'cut', 'vs_cut', 'run')) {
    showChosen(found, places);
    chooseCut(found, places[0]);
    showCuts(found, places);
  }
  await showPair({pair: part('pair'), images: part('images')}, found, places, current.selection);
};
const show = async (selection, last) => {
  if (selection.view !== 'transfer' || !changed(selection, last, ...FIELDS)) return null;
  return current.showsRun() ? showRun() : showResult(selection, last && last.view === 'transfer' ? last : null);
};
view('transfer', show, {alsoResults: true});
