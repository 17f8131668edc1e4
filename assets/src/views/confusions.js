// @ts-check
/* The page of confusions: the heat map of classes or of groups, and the same cells as a table. Each opens a comparison. */
import * as current from '../current.js';
import {load} from '../data.js';
import {action, emptyState, h} from '../dom.js';
import {count, of, percent, plural} from '../format.js';
import {listCells} from '../model/confusions.js';
import {plotly} from '../plotly.js';
import {dispatch} from '../selection.js';
import {rove} from '../widgets/roving.js';
import {buildTable} from '../widgets/table.js';

const MOST = 200; /* rows of the table at first */
let isFolded = null; /* null: nobody chose yet */
let shownRun = null;

const pane = () => document.getElementById('confusions');
const part = (name) => pane().querySelector(`.confusions-${name}`);
/** @returns {any} */
const drawing = () => part('plot').querySelector('.js-plotly-plot');
const compare = (a, b) => ({class_id: a, vs: b, vs_run: null, view: 'compare'});
const noUpdate = () => window.dash_clientside.no_update;

// --- parts --------------------------------------------------------------------------------------------------------
const buildChoice = (found, folded) => {
  if (!found.groups) return null;
  const choose = (to) => async () => {
    isFolded = to;
    window.dash_clientside.set_props('confusion-graph', {figure: await draw(current.selection)});
  };
  const all = found.n_classes <= found.classes.sides.key.length ? 'Classes' : 'Strongest pairs';
  const button = (words, to) =>
    h('button', {type: 'button', class: 'choice', 'aria-pressed': String(folded === to), onclick: choose(to)}, words);
  const group = h('div', {class: 'choices', role: 'group', 'aria-label': 'Rows'}, button(all, false), button('Groups', true));
  rove(group, 'button');
  return group;
};
const describe = (found) => {
  const shown = found.classes.sides.key.length;
  return [
    `The model is wrong about ${of(found.n_wrong, found.n)} images (${percent(found.n_wrong / found.n)}).`,
    found.n_outside ? `${count(found.n_outside)} of these were taken for outputs that mean no class of this run.` : '',
    shown < found.n_classes && isFolded === false ? `Rows are the ${plural(shown, 'class', 'classes')} of the ${count(found.strongest.count.length)} strongest of ${plural(found.n_pairs, 'pair')}.` : '',
  ].filter(Boolean).join(' '); // prettier-ignore
};
const number = (text) => h('td', {class: 'number'}, text);
const buildRow = (map) => ({row, column, n, whole, a, b}) => {
  const [first, second] = [a, b].map((id) => current.run.classById.get(id).name);
  const open = action(compare(a, b), {class: 'link', 'aria-label': `Compare ${first} and ${second}`}, 'Compare');
  return [map.names[row], map.names[column], number(of(n, whole)), number(percent(n / whole)), open];
}; // prettier-ignore
const HEADS = ['Class or group', 'Taken for', {name: 'Images', class: 'number'}, {name: 'Share', class: 'number'}, ''];
/** The cells as a table, which is built when somebody opens it. */
const buildCells = (map) => {
  const cells = listCells(map);
  const element = h('details', {}, h('summary', {}, `As a table, ${plural(cells.length, 'cell')}`));
  const fill = () => element.append(buildTable({heads: HEADS, rows: cells.map(buildRow(map)), most: MOST}));
  element.addEventListener('toggle', fill, {once: true});
  return element;
};

// --- the page -----------------------------------------------------------------------------------------------------
const bind = async () => {
  await plotly;
  const gd = drawing();
  if (!gd || !gd.on) return window.setTimeout(bind, 50);
  if (gd.dataset.bound) return null;
  gd.dataset.bound = 'true';
  gd.on('plotly_click', ({points}) => points.length && dispatch(compare(...points[0].customdata)));
  return null;
};
const say = (problem) => {
  part('plot').hidden = true;
  part('table').replaceChildren();
  part('head').replaceChildren(emptyState(problem));
  return noUpdate();
};
const draw = async (selection) => {
  if (!selection || !current.run || selection.view !== 'confusions') return noUpdate();
  const {run} = current;
  if (shownRun !== run) isFolded = null;
  shownRun = run;
  const found = await load('confusions');
  if (current.run !== run) return noUpdate();
  if (found.problem) return say(found.problem);
  if (!found.n_pairs)
    return say({rule: 'A cell counts images of a class that were taken for another.', found: `There are none: ${of(found.n - found.n_wrong, found.n)} images are right.`, fix: 'Choose a class in the list to see its own images.'}); // prettier-ignore
  if (isFolded === null) isFolded = Boolean(found.groups) && found.n_classes > found.classes.sides.key.length;
  const map = isFolded ? found.groups : found.classes;
  part('head').replaceChildren(h('p', {}, describe(found)), ...[buildChoice(found, isFolded)].filter(Boolean));
  part('table').replaceChildren(buildCells(map));
  part('plot').hidden = false;
  part('plot').setAttribute('aria-label', 'Heat map of confusions; the table below holds the same cells.');
  bind();
  return map.figures[document.documentElement.dataset.theme];
};
/** Returns the figure of the heat map for a selection. */
export const drawConfusions = draw;
document.addEventListener('summit-theme', async () => {
  if (current.selection && current.selection.view === 'confusions')
    window.dash_clientside.set_props('confusion-graph', {figure: await draw(current.selection)});
});
