// @ts-check
/* The bar above the graph: the class, in a comparison both, and where the second one is chosen. */
import * as current from '../current.js';
import {boot, load} from '../data.js';
import {action, h, icon, term} from '../dom.js';
import {accuracyTip, NO_ACCURACY, percent, plural} from '../format.js';
import {readRun} from '../runs.js';
import {dispatch} from '../selection.js';
import {toggleClassPanel} from './class_panel.js';
import {buildChosen} from './graph_chosen.js';
import {getFrame} from './graph_frame.js';
import {buildPicker as buildField} from './graph_picker.js';
import {showHistogram} from './histogram.js';

const small = h('div', {class: 'histogram', role: 'img'});
const buildFacts = (info) => [
  h('span', {class: 'muted images'}, plural(info.n, 'image')),
  info.top1 === null
    ? term('no accuracy', NO_ACCURACY(), {className: 'muted'})
    : h('span', {class: 'number', 'data-tip': accuracyTip(info)}, percent(info.top1)),
];
/** What becomes of the class without the channels that are drawn, as soon as it is known. */
const buildProof = ({id}) => {
  const slot = h('span', {});
  const fill = ({proof}) =>
    proof && slot.replaceChildren(action({view: 'proof'}, {class: 'proof-link', 'data-tip': proof.sentence}, proof.words));
  load(current.selection.chosen === 'effect' ? `class/${id}/effect` : `class/${id}`).then(fill);
  return slot;
};
const buildClass = (info, letter) => {
  const tip = [info.full, info.synset, current.run.groups && info.group !== null && current.run.groups.names[info.group]]
    .filter(Boolean)
    .join(' · ');
  const badge = letter ? h('span', {class: 'badge badge-a'}, letter) : null;
  const mark = info.mark ? h('span', {class: 'mark'}, info.mark) : null;
  const state = {'aria-expanded': String(current.selection.panel === 'class'), 'aria-controls': 'class-panel'};
  const open = h(
    'button',
    {type: 'button', class: 'class-open', 'data-tip': `${tip} · opens its panel  i`, onclick: () => toggleClassPanel(), ...state},
    h('span', {class: 'name'}, info.name),
    mark,
  );
  return h(
    'div',
    {class: 'class-title'},
    h('h1', {}, badge, open),
    buildFacts(info),
    showHistogram(small, info, true),
    letter ? null : [buildProof(info), buildChosen()],
  );
};

// --- the second class ---------------------------------------------------------------------------------------------
let picker = null;
let picked = null; /* the run that it is chosen from */
const swapAction = ({class_id, vs, vs_run: theirs, layer}) =>
  theirs
    ? {run: theirs, class_id: vs, vs: class_id, vs_run: current.run.name, layer, view: 'compare'}
    : {class_id: vs, vs: class_id, view: 'compare'};
const swap = (asked) =>
  action(swapAction(asked), {class: 'icon-button small', 'data-tip': 'Swap A and B', 'aria-label': 'Swap A and B'}, icon('swap'));
const clear = () =>
  action(
    {vs: null, vs_run: null, view: 'graph', also: []},
    {class: 'icon-button small', 'data-tip': 'Compare no more', 'aria-label': 'Compare no more'},
    icon('close'),
  );
const choose = ({id}) => dispatch({vs: id, vs_run: picked === current.run ? null : picked.name, view: 'compare'});
const pickRun = async (name) => {
  const found = await readRun(name);
  if (found.problem) return;
  picked = found;
  picker.input.focus();
};
const buildRuns = () =>
  h('select', {class: 'run-picker', 'aria-label': 'Run of the second class', 'data-tip': 'The run that the second class is chosen from', onchange: (event) => pickRun(event.target.value)}); // prettier-ignore
/** Lists the runs of now in a choice: one may have come or gone. */
const listRuns = (choice, name) => {
  const names = boot.runs.filter(({kind}) => !kind).map((each) => each.name);
  if (names.join('\n') !== [...choice.options].map(({value}) => value).join('\n'))
    choice.replaceChildren(...names.map((each) => h('option', {value: each}, each)));
  choice.hidden = names.length < 2;
  choice.value = name;
};
const buildPicker = () => {
  const built = buildField({id: 'versus', label: 'Second class', hint: 'compare with…', classes: () => picked.classes, choose});
  const parts = {lead: h('span', {class: 'lead'}), facts: h('span', {class: 'lead'}), runs: buildRuns()};
  getFrame().picker.replaceChildren(...[parts.lead, built.element, parts.runs, parts.facts]);
  return {...built, ...parts};
};
/** The bar of a selection; `other` is the run of the second class. */
export const showBar = (asked, other) => {
  const inComparison = asked.view === 'compare';
  const first = current.run.classById.get(asked.class_id);
  const second = inComparison ? other.classById.get(asked.vs) : null;
  picked = other;
  picker = picker || buildPicker();
  getFrame().bar.replaceChildren(...(first ? [buildClass(first, inComparison ? 'A' : '')] : []));
  picker.lead.replaceChildren(
    ...(second && first ? [swap(asked), h('span', {class: 'badge badge-b'}, 'B')] : [h('span', {class: 'muted'}, 'vs')]),
  );
  picker.facts.replaceChildren(...(second ? [...buildFacts(second), clear()] : []));
  listRuns(picker.runs, other.name);
  picker.show(second);
};
