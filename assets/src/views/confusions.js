// @ts-check
/* The page of confusions: the heat map of classes or of groups, and the same cells as a table. Each opens a comparison. */
import * as current from '../current.js';
import {load} from '../data.js';
import {emptyState, h} from '../dom.js';
import {plotly} from '../plotly.js';
import {dispatch} from '../selection.js';
import {fill} from '../widgets/blocks.js';
import {rove} from '../widgets/roving.js';

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
  if (found.missing) return say(found.missing);
  if (isFolded === null) isFolded = Boolean(found.groups) && found.n_classes > found.classes.sides.key.length;
  const map = isFolded ? found.groups : found.classes;
  part('head').replaceChildren(h('p', {}, map.words), ...[buildChoice(found, isFolded)].filter(Boolean));
  fill(part('table'), map.blocks);
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
