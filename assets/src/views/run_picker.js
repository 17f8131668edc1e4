// @ts-check
/* The choice among the runs that are served: a list, from some number on a field that searches them. */
import * as current from '../current.js';
import {boot} from '../data.js';
import {h} from '../dom.js';
import {findRuns} from '../model/run_search.js';
import {refreshRuns} from '../runs.js';
import {dispatch} from '../selection.js';
import {buildCombobox} from '../widgets/combobox.js';

const SEARCHED_FROM = 9;
const NOTE = {transfer: 'Transfer result'};

/** The entries of the list; runs and transfer results apart, where there are both. */
const listRuns = (runs) => {
  const option = ({name}) => h('option', {value: name, selected: name === current.run.name}, name);
  const kinds = [
    ['Runs', runs.filter((each) => !each.kind)],
    ['Transfer results', runs.filter((each) => each.kind === 'transfer')],
  ].filter(([, mine]) => mine.length);
  return kinds.length < 2 ? runs.map(option) : kinds.map(([label, mine]) => h('optgroup', {label}, mine.map(option)));
};
const buildList = () => {
  const choose = (event) => dispatch({run: event.target.value});
  return h('select', {class: 'run-picker', 'aria-label': 'Run', onchange: choose}, listRuns(boot.runs));
};

const putShownFirst = (runs) => [...runs].sort((a, b) => Number(b.name === current.run.name) - Number(a.name === current.run.name));
const buildSearch = () => {
  const describe = ({name, about, kind}) => ({
    attributes: {'data-run': name, ...(name === current.run.name ? {'data-shown': ''} : {})},
    children: [name, h('span', {class: 'picker-note'}, [NOTE[kind], about].filter(Boolean).join(' · '))],
  });
  const {input, list, search, close} = buildCombobox({
    id: 'run-search',
    label: 'Run',
    hint: 'Search the runs',
    find: (text) => (text ? findRuns(boot.runs, text) : putShownFirst(boot.runs)),
    describe,
    tellNone: () => 'No run matches.',
    take: ({name}) => {
      input.blur();
      dispatch({run: name});
    },
    leave: () => input.blur(),
  });
  list.classList.add('picker-list');
  input.classList.add('run-picker');
  input.value = current.run.name;
  input.addEventListener('focus', () => {
    input.select();
    search('');
  });
  input.addEventListener('blur', () => {
    close();
    input.value = current.run.name;
  });
  return h('div', {class: 'picker-field run-search'}, input, list);
};

/** Shows the choice where there is one. */
export const showRuns = () => {
  const place = document.getElementById('runs');
  const {place: folder, about} = boot.runs.find(({name}) => name === current.run.name) || {};
  place.dataset.tip = folder || about || current.run.name;
  if (boot.runs.length < 2) return place.replaceChildren();
  return place.replaceChildren(boot.runs.length < SEARCHED_FROM ? buildList() : buildSearch());
};
/** Asks which runs there are now, and shows them unless the person chooses at this moment. */
const refresh = async () => {
  const isOther = await refreshRuns();
  if (isOther && current.run && !document.getElementById('runs').contains(document.activeElement)) showRuns();
};
window.addEventListener('focus', refresh);
document.addEventListener('pointerenter', (event) => /** @type {Element} */ (event.target).id === 'runs' && refresh(), true);
