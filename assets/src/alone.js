// @ts-check
/* What a class loses without one channel alone, measured when somebody asks: where the server has the model. */
import * as current from './current.js';
import {baseOf, isServed, runOf} from './data.js';

const SOON = 150;
const LATE = 1000; /* milliseconds between two looks */
const known = new Map(); /* by run, its version, class and channel */
let visit = null; /* the token under which the server keeps answers of this page */

const keyOf = (classId, id) => {
  const run = runOf(current.run.name);
  return JSON.stringify([run.name, run.version, classId, id]);
};
/** Returns the loss that was measured on this page, as an array; null where none was. */
export const findAlone = (classId, id) => known.get(keyOf(classId, id)) || null;

/** True where a person may ask the model: there is a worker process, as the page of ablation needs one. */
export const canMeasure = () => isServed && Boolean(document.querySelector('#tabs [data-view="ablation"]'));

const ask = async (base, classId, channels) => {
  const headers = {'X-Summit-Dash': 'alone', 'Content-Type': 'application/json'};
  const answer = await fetch(`${base}alone`, {method: 'POST', headers, body: JSON.stringify({class_id: classId, channels, visit})});
  if (!(answer.headers.get('Content-Type') || '').startsWith('application/json')) throw new Error(`${answer.status}`);
  return answer.json();
};
const unreachable = ({message}) => ({
  is_over: true,
  problem: {rule: 'Channels are removed by the server.', found: `It did not answer (${message}).`, fix: 'Start it again, then reload.'},
});
const pause = (ms) => new Promise((resolve) => window.setTimeout(resolve, ms));

/** Measures channels, and keeps what is found. `tell` hears of every state, and returns false to wait no longer: the server then
    drops what nobody asks for. */
export const measureAlone = async (classId, channels, tell) => {
  const [base, key] = [baseOf(runOf(current.run.name)), (id) => keyOf(classId, id)];
  const keys = new Map(channels.map((id) => [id, key(id)]));
  for (let wait = SOON; ; wait = Math.min(LATE, wait * 1.3)) {
    const state = await ask(base, classId, channels).catch(unreachable);
    visit = state.visit || visit;
    if (state.result) {
      Object.entries(state.result.alone).forEach(([id, lost]) => known.set(keys.get(id), lost));
      document.dispatchEvent(new Event('summit-alone'));
    }
    if (!tell(state) || state.is_over) return;
    await pause(wait);
  }
};
