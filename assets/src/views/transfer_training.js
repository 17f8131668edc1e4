// @ts-check
/* The training of a head from the page, where the server has a worker: the form, the epochs as they come, cancel. */
import * as current from '../current.js';
import {baseOf, readStatic, renew, runOf} from '../data.js';
import {emptyState, h} from '../dom.js';
import {percent} from '../format.js';
import {nameCut} from '../model/transfer.js';
import {describeTraining, splitTrainings} from '../model/training.js';
import {showChart} from '../widgets/chart.js';

const EVERY = 600; /* ms between two looks at a training */
const HEADS = {
  linear: 'linear',
  mlp: 'mlp: a hidden layer on pooled features',
  conv1x1: 'conv1x1: a map of the positions',
  conv3x3: 'conv3x3: a convolution on the maps',
};
let box = null; /* where it is shown */
let form = null;
let timer = 0;
let seen = null; /* state and version of the last look */
const live = h('div', {class: 'training-live'});
const chart = h('div', {class: 'training-chart', role: 'img', 'aria-label': 'Loss and accuracy by epoch'});

const ask = async (path, body = null) => {
  const headers = {'X-Summit-Dash': 'training', 'Content-Type': 'application/json'};
  const options = path === 'training' && body === null ? {cache: 'no-store'} : {method: 'POST', headers, body: JSON.stringify(body ?? {})};
  const answer = await fetch(`${baseOf(runOf(current.run.name))}${path}`, /** @type {RequestInit} */ (options));
  return answer.json();
};
const unreachable = (failure) => ({
  problem: {
    rule: 'Heads are trained by the server.',
    found: `It did not answer (${failure.message}).`,
    fix: 'Start it again, then reload.',
  },
});

// --- the form -----------------------------------------------------------------------------------------------------
const field = (label, input) => h('label', {class: 'training-field'}, h('span', {}, label), input);
const numberField = (name, value, least, step) => h('input', {type: 'number', name, value: String(value), min: String(least), step: String(step), required: true}); // prettier-ignore
const buildForm = (found, start) => {
  const models = [...new Set(found.cuts.map((row) => row.model))];
  const option = (row) => h('option', {value: nameCut(row)}, row.cut);
  const cuts = h('select', {name: 'cut', class: 'run-picker'}, models.map((model) => h('optgroup', {label: model}, found.cuts.filter((row) => row.model === model).map(option)))); // prettier-ignore
  const heads = h('select', {name: 'kind', class: 'run-picker'}, Object.entries(HEADS).map(([name, text]) => h('option', {value: name, selected: name === 'mlp'}, text))); // prettier-ignore
  const element = h(
    'form',
    {class: 'training-form', 'aria-label': 'Train a head'},
    field('Cut', cuts),
    field('Head', heads),
    field('Layers trained', numberField('n_unfrozen', 0, 0, 1)),
    field('Epochs', numberField('n_epochs', 20, 1, 1)),
    field('Learning rate', numberField('learning_rate', 0.001, 0, 'any')),
    h('button', {type: 'submit', class: 'training-start'}, 'Train'),
  );
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (element)));
    start({...given, n_epochs: Number(given.n_epochs), n_unfrozen: Number(given.n_unfrozen), learning_rate: Number(given.learning_rate)});
  });
  return {element, cuts: /** @type {HTMLSelectElement} */ (cuts), of: found};
};

// --- a training ---------------------------------------------------------------------------------------------------
const drawEpochs = (found, epochs) => {
  const trainings = splitTrainings(epochs);
  const lines = (parts) =>
    trainings.flatMap((each, i) => {
      const look = i === trainings.length - 1 ? parts.now : parts.before;
      const x = each.map(({epoch}) => epoch);
      const tip = {hovertemplate: '%{y}<extra></extra>', showlegend: false};
      return [
        {...look, ...tip, x, y: each.map(({loss}) => loss)},
        {...look, ...tip, x, y: each.map(({accuracy}) => accuracy), xaxis: 'x2', yaxis: 'y2'},
      ];
    });
  showChart(chart, (theme) => ({data: lines(found.figures[theme].training), layout: found.figures[theme].training.layout}));
};
const showState = (found, state, nFolds) => {
  if (state.problem) return live.replaceChildren(emptyState(state.problem));
  if (state.state === 'none') return live.replaceChildren();
  const cancel = h('button', {type: 'button', class: 'tool', onclick: () => ask('training/cancel').then((after) => follow(found, after), () => {})}, 'Cancel'); // prettier-ignore
  const words = describeTraining(state, nFolds);
  const share = state.n_total ? state.n_done / state.n_total : 0;
  const bar = h('progress', {max: '1', value: String(share), 'aria-label': `Training, ${percent(share)}`});
  if (!chart.isConnected || !live.contains(chart)) live.replaceChildren(h('div', {class: 'training-head'}), chart);
  live
    .querySelector('.training-head')
    .replaceChildren(h('span', {role: 'status'}, words), ...(state.is_over ? [] : state.state === 'cancelled' ? [bar] : [bar, cancel]));
  chart.hidden = !state.epochs.length;
  if (state.epochs.length) drawEpochs(found, state.epochs);
  return null;
};
/** Shows a state, and looks again while the training goes on; tells `again` when the result has changed. */
const follow = (found, state) => {
  window.clearTimeout(timer);
  showState(found, state, found.config.n_folds);
  form.element.querySelector('button').disabled = Boolean(state.state && state.state !== 'none' && !state.is_over);
  const {run} = current;
  if (state.state && !state.is_over && state.state !== 'none') {
    timer = window.setTimeout(async () => {
      if (current.run === run && current.selection.view === 'transfer') follow(found, await ask('training').catch(unreachable));
    }, EVERY);
  } else if (state.version && renew(run.name, state.version)) seen.again();
};

/** Shows form and training in a place; nothing where the page is a static site. `again` is called when the result has changed. */
export const showTraining = async (place, found, place_of_a, again) => {
  box = place;
  if (readStatic) return;
  const {run} = current;
  seen = {again};
  const state = await ask('training').catch(unreachable);
  if (current.run !== run || box !== place) return;
  if (state.obstacle) {
    const {rule, found: why, fix} = state.obstacle;
    box.replaceChildren(h('h2', {}, 'Train a head'), h('p', {class: 'muted'}, `${rule} ${why} ${fix}`));
    return;
  }
  if (!form || form.of !== found || !box.contains(form.element)) {
    const start = (wish) => ask('training', wish).then((after) => follow(form.of, after), (failure) => follow(form.of, unreachable(failure))); // prettier-ignore
    form = buildForm(found, start);
    const how = `A head by gradient descent, tested on the same ${found.config.n_folds} folds, then trained on all images and saved. Cancelled, the best one so far is kept.`;
    box.replaceChildren(h('h2', {}, 'Train a head'), h('p', {class: 'muted'}, how), form.element, live);
  }
  chooseCut(found, place_of_a);
  follow(found, state);
};
/** Makes the cut that is A the one to train on. */
export const chooseCut = (found, place) => {
  if (form && form.of === found && found.cuts[place]) form.cuts.value = nameCut(found.cuts[place]);
};
