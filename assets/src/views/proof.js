// @ts-check
/* The page of proof: what becomes of the chosen class without the channels of its graph, then of all classes, then of edges. */
import * as current from '../current.js';
import {load} from '../data.js';
import {action, emptyState, h, term} from '../dom.js';
import {count, nameMeasure, of, percent, plural} from '../format.js';
import {judgeLayers, necessity, toSentence} from '../model/proof.js';
import {changed, view} from '../views.js';
import {showChart} from '../widgets/chart.js';
import {buildTable} from '../widgets/table.js';

const MOST = 50; /* rows of the table at first */
const NAMES = {pagerank: 'by PageRank', effect: 'by effect'};
const RANDOM = 'As many channels of each layer at random, mean over repeats.';
const HEADS = [
  'Class',
  {name: 'Channels', class: 'number'},
  {name: 'Untouched', class: 'number'},
  {name: 'Without them', class: 'number', 'data-tip': "Accuracy without the graph's channels, all layers at once."},
  {name: 'Random', class: 'number', 'data-tip': RANDOM},
  {name: 'Necessity', class: 'number', 'data-tip': 'What is lost without the channels, less what is lost without as many at random.'},
  {name: 'Sufficiency', class: 'number', 'data-tip': 'What is kept with these channels alone.'},
  {name: 'n', class: 'number', 'data-tip': 'Images of the class that were measured.'},
];
const sorting = {name: 'Necessity', order: 'descending'};
let chosen = 'pagerank';

const part = (name) => document.querySelector(`#proof .proof-${name}`);
const charts = {curves: h('div', {class: 'proof-chart', role: 'img'}), layers: h('div', {class: 'proof-chart', role: 'img'})};
const share = (measured) => (measured ? percent(measured[0]) : '–');
const interval = (measured) => (measured ? `${share(measured)} [${percent(measured[1])}, ${percent(measured[2])}]` : '–');
const number = (text, tip) => h('td', {class: 'number', ...(tip ? {'data-tip': tip} : {})}, text);

// --- the class ----------------------------------------------------------------------------------------------------
const buildSmallest = (rows) =>
  rows.length
    ? h(
        'p',
        {class: 'muted'},
        rows
          .map(
            (row) =>
              `${plural(row.n_channels, 'channel')} ${NAMES[row.selection]} alone keep ${percent(row.accuracy)} (asked: ${percent(row.share)} of the accuracy, n = ${row.n_images})`,
          )
          .join('; '),
        '.',
      )
    : null;
const chart = (name, title, tip) => h('figure', {class: 'proof-figure'}, h('figcaption', {}, term(title, tip)), charts[name]);
const showClass = (info, payload, found) => {
  const place = part('class');
  if (found.problem) return place.replaceChildren(h('h2', {}, info.name), emptyState(found.problem));
  const words = payload.proof ? toSentence(payload.proof) : '';
  place.replaceChildren(
    h('h2', {}, info.name),
    h('p', {}, words),
    h(
      'div',
      {class: 'proof-figures'},
      chart('curves', 'All layers at once', 'Accuracy with channels removed or kept, over their number. Bands are 95 % intervals; the line upright is the size of the graph.'),
      chart('layers', 'Layer by layer', "As many channels as the graph has in a layer: above 0 they matter more than random ones do. Lines are 95 % intervals."),
    ),
    ...[buildSmallest(found.smallest)].filter(Boolean),
  ); // prettier-ignore
  Object.entries(charts).forEach(([name, element]) => {
    element.setAttribute('aria-label', `${name === 'curves' ? 'Accuracy over the number of channels' : 'Each layer beside random channels'} of ${info.name}`);
    showChart(element, (theme) => found.figures[theme][name]);
  }); // prettier-ignore
  return null;
};

// --- all classes --------------------------------------------------------------------------------------------------
const buildRow = (all, place) => {
  const info = current.run.classById.get(all.class_id[place]);
  const at = (name) => all.of[name][place];
  const open = action({class_id: info.id}, {class: 'link'}, info.name);
  const lost = necessity(at('remove'), at('random'));
  return [
    open,
    number(at('n_channels') === null ? '–' : count(at('n_channels'))),
    number(share(at('untouched')), interval(at('untouched'))),
    number(share(at('remove')), interval(at('remove'))),
    number(share(at('random')), interval(at('random'))),
    number(lost === null ? '–' : percent(lost)),
    number(share(at('keep')), interval(at('keep'))),
    number(at('n_images') === null ? '–' : count(at('n_images'))),
  ];
};
const buildSwitch = (found) => {
  const names = Object.keys(found.selections);
  const choose = (name) => () => {
    chosen = name;
    showAll(found);
  };
  return h(
    'div',
    {class: 'choices', role: 'group', 'aria-label': 'Channels chosen'},
    names.map((name) => h('button', {type: 'button', class: 'choice', 'aria-pressed': String(name === chosen), onclick: choose(name)}, NAMES[name])),
  ); // prettier-ignore
};
const showAll = (found) => {
  if (!(chosen in found.selections)) [chosen] = Object.keys(found.selections);
  const all = {class_id: found.class_id, of: found.selections[chosen]};
  const rows = found.class_id.map((_, place) => place).filter((place) => all.of.n_images[place] !== null);
  const how = `${found.replacement === 'zero' ? 'by 0' : 'by their mean over images'}, ${plural(found.n_repeats || 1, 'random choice')} each`;
  part('all').replaceChildren(
    h('h2', {}, 'All classes'),
    h('p', {class: 'muted'}, `${of(rows.length, found.n_classes)} classes measured, channels replaced ${how}.`),
    buildSwitch(found),
    buildTable({caption: 'Proof of all classes', heads: HEADS, rows: rows.map((place) => buildRow(all, place)), sorting, most: MOST}),
  ); // prettier-ignore
};

// --- layers -------------------------------------------------------------------------------------------------------
const LAYER_TIP =
  'Classes in which the logarithm of the probability falls further without the channels of the graph in this layer than without as many random ones, the interval of the difference above 0.';
const FALL_TIP = 'How much further it falls, mean over classes with its 95 % interval.';
const LAYER_HEADS = [
  'Layer',
  {name: 'PageRank: better than random', class: 'number', 'data-tip': LAYER_TIP},
  {name: 'further fall', class: 'number', 'data-tip': FALL_TIP},
  {name: 'Effect: better than random', class: 'number', 'data-tip': LAYER_TIP},
  {name: 'further fall', class: 'number', 'data-tip': FALL_TIP},
];
const toCells = (found) =>
  found
    ? [
        number(`${count(found.n_better)} of ${count(found.n_classes)}`),
        number(`${found.fall.toFixed(3)}${found.half === null ? '' : ` ± ${found.half.toFixed(3)}`}`),
      ]
    : [number('–'), number('–')];
const showLayers = ({layers}) => {
  const place = part('layers');
  if (!layers.length) return place.replaceChildren();
  place.replaceChildren(
    h('h2', {}, 'Layers'),
    h('p', {class: 'muted'}, judgeLayers(layers)),
    buildTable({
      caption: 'Layers beside random channels',
      heads: LAYER_HEADS,
      rows: layers.map((row) => [row.layer, ...toCells(row.pagerank), ...toCells(row.effect)]),
    }),
  );
  return null;
};

// --- edges --------------------------------------------------------------------------------------------------------
const EDGE_HEADS = [
  'Layer',
  {name: 'Measure of influence'},
  {name: 'AUC', class: 'number', 'data-tip': 'How often an edge has a greater effect than a pair of a target and a random channel that is none of its sources; 0.5 is chance. Mean over classes.'},
  {name: 'Edges', class: 'number'},
  {name: 'Lost without an edge', class: 'number', 'data-tip': 'Mean share of the target that is lost without the source.'},
  {name: 'Without another', class: 'number'},
]; // prettier-ignore
const showEdges = ({edges}) => {
  const place = part('edges');
  if (!edges.length) return place.replaceChildren();
  const rows = edges.map((row) => [
    row.layer,
    h('td', {}, row.measure ? nameMeasure(row.measure) : '–'),
    number(`${row.auc.toFixed(2)}${row.half === null ? '' : ` ± ${row.half.toFixed(2)}`}`, `Mean over ${plural(row.n_classes, 'class', 'classes')}, with its 95 % interval.`),
    number(count(row.n_edges)),
    number(row.edge === null ? '–' : percent(row.edge)),
    number(row.other === null ? '–' : percent(row.other)),
  ]); // prettier-ignore
  place.replaceChildren(
    h('h2', {}, 'Edges'),
    h('p', {class: 'muted'}, 'Does a channel depend on the sources that the graph shows? Each source is removed alone.'),
    buildTable({caption: 'Worth of edges by layer', heads: EDGE_HEADS, rows}),
  );
  return null;
};

// --- the page -----------------------------------------------------------------------------------------------------
const show = async (selection, last) => {
  if (selection.view !== 'proof' || !changed(selection, last, 'view', 'class_id', 'run')) return;
  const {run} = current;
  const info = run.classById.get(selection.class_id);
  const found = await load('proof');
  if (current.run !== run || current.selection.view !== 'proof') return;
  if (found.problem) {
    part('class').replaceChildren(emptyState(found.problem));
    ['all', 'layers', 'edges'].forEach((name) => part(name).replaceChildren());
    return;
  }
  showAll(found);
  showLayers(found);
  showEdges(found);
  if (!info) return;
  const [payload, own] = await Promise.all([load(`class/${info.id}`), load(`proof/${info.id}`)]);
  if (current.run === run && current.selection.class_id === info.id) showClass(info, payload, own);
};
view('proof', show);
