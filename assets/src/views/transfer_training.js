// @ts-check
/* The training of a head from the page, where the server has a worker: what its form asks for, and the epochs as they come. */
import * as current from '../current.js';
import {baseOf, readStatic, renew, runOf} from '../data.js';
import {emptyState, h} from '../dom.js';
import {nameCut} from '../model/transfer.js';
import {fill} from '../widgets/blocks.js';
import {showChart} from '../widgets/chart.js';

const EVERY = 600; /* ms between two looks at a training */
let shown = {box: null, found: null, again: () => {}}; /* where the training of a result is shown; `again` hears that it changed */
let timer = 0;
const live = h('div', {class: 'training-live'});
const chart = h('div', {class: 'training-chart', role: 'img', 'aria-label': 'Loss and accuracy by epoch'});

const unreachable = (failure) => ({
  problem: {
    rule: 'Heads are trained by the server.',
    found: `It did not answer (${failure.message}).`,
    fix: 'Start it again, then reload.',
  },
});
const ask = async (path, body = null) => {
  const headers = {'X-Summit-Dash': 'training', 'Content-Type': 'application/json'};
  const options = path === 'training' && body === null ? {cache: 'no-store'} : {method: 'POST', headers, body: JSON.stringify(body ?? {})};
  const answer = fetch(`${baseOf(runOf(current.run.name))}${path}`, /** @type {RequestInit} */ (options));
  return answer.then((each) => each.json()).catch(unreachable);
};

const showState = (state) => {
  if (state.problem) return live.replaceChildren(emptyState(state.problem));
  if (state.state === 'none') return live.replaceChildren();
  if (!live.contains(chart)) live.replaceChildren(h('div', {class: 'training-head'}), chart);
  fill(live.querySelector('.training-head'), state.blocks);
  chart.hidden = !state.figures;
  if (state.figures) showChart(chart, (theme) => state.figures[theme]);
  return null;
};
/** Shows a state, and looks again while the training goes on; tells who showed it when the result has changed. */
const follow = (state) => {
  window.clearTimeout(timer);
  showState(state);
  const isOn = Boolean(state.state) && state.state !== 'none' && !state.is_over;
  shown.box.querySelector('.training-start').disabled = isOn;
  const {run} = current;
  if (isOn) {
    timer = window.setTimeout(async () => {
      const next = await ask('training');
      if (current.run === run && current.selection.view === 'transfer') follow(next);
    }, EVERY);
  } else if (state.version && renew(run.name, state.version)) shown.again();
};
live.addEventListener('click', async ({target}) => {
  if (/** @type {Element} */ (target).closest('[data-cancel]')) follow(await ask('training/cancel'));
});
const start = async (event) => {
  event.preventDefault();
  const given = [...new FormData(event.target)].map(([name, value]) => [name, ['cut', 'kind'].includes(name) ? value : Number(value)]);
  follow(await ask('training', Object.fromEntries(given)));
};

/** Shows form and training in a place; nothing where the page is a static site. `again` is called when the result has changed. */
export const showTraining = async (box, found, place_of_a, again) => {
  const isOther = shown.found !== found || !box.contains(live);
  shown = {box, found, again};
  if (readStatic) return;
  const {run} = current;
  const state = await ask('training');
  if (current.run !== run || shown.found !== found) return;
  if (state.obstacle) {
    const {rule, found: why, fix} = state.obstacle;
    box.replaceChildren(h('h2', {}, 'Train a head'), h('p', {class: 'muted'}, `${rule} ${why} ${fix}`));
    return;
  }
  if (isOther) {
    fill(box, found.blocks.training);
    box.querySelector('form').addEventListener('submit', start);
    box.append(live);
  }
  chooseCut(found, place_of_a);
  follow(state);
};
/** Makes the cut that is A the one to train on. */
export const chooseCut = (found, place) => {
  const field = shown.found === found && shown.box.querySelector('[name=cut]');
  if (field && found.cuts[place]) field.value = nameCut(found.cuts[place]);
};
