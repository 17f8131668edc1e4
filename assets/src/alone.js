// @ts-check
/* What a class loses without one channel alone, measured when somebody asks: where the server has the model. */
import * as current from './current.js';
import {baseOf, isServed, runOf} from './data.js';

const SOON = 150;
const LATE = 1000; /* milliseconds between two looks */
const AT_ONCE = 16; /* channels of one request */
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

/** Asks for some channels until they are measured; false where nobody waits any more, or there is no answer. */
const measureSome = async (base, classId, some, tell) => {
  for (let wait = SOON; ; wait = Math.min(LATE, wait * 1.3)) {
    const state = await ask(base, classId, some).catch(unreachable);
    visit = state.visit || visit;
    if (!tell(state)) return false;
    if (state.is_over) return Boolean(state.result);
    await pause(wait);
  }
};
/** Measures channels, some at a time: a request has a limit of time. What is found is kept. `tell` hears of every state, and
    returns false to wait no longer: the server then drops what nobody asks for. */
export const measureAlone = async (classId, channels, tell) => {
  const base = baseOf(runOf(current.run.name));
  const keys = new Map(channels.map((id) => [id, keyOf(classId, id)]));
  for (let first = 0; first < channels.length; first += AT_ONCE) {
    const some = channels.slice(first, first + AT_ONCE);
    const isLast = first + AT_ONCE >= channels.length;
    const hear = (state) => {
      if (state.result) {
        Object.entries(state.result.alone).forEach(([id, lost]) => known.set(keys.get(id), lost));
        document.dispatchEvent(new Event('summit-alone'));
      }
      const share = state.result ? 1 : state.n_total > 1 ? state.n_done / state.n_total : 0;
      const of = {n_done: first + share * some.length, n_total: first || state.n_total > 1 ? channels.length : 0};
      return tell(!state.result || isLast ? {...state, ...of} : {...state, ...of, result: null, is_over: false});
    };
    if (!(await measureSome(base, classId, some, hear))) return;
  }
};
