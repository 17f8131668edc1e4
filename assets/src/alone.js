// @ts-check
/* What a class loses without one channel alone, measured when somebody asks: where the server has the model. A measurement
   goes on while the page shows other channels and classes, until it is over or cancelled. */
import * as current from './current.js';
import {baseOf, isServed, runOf} from './data.js';

const SOON = 150;
const LATE = 1000; /* milliseconds between two looks */
const AT_ONCE = 16; /* channels of one request, which has a limit of time */
const known = new Map(); /* by run, its version, class and channel */
const tasks = new Map(); /* by run, its version and class: what is measured, or why it ended without an answer */
let visit = null; /* the token under which the server keeps answers of this page */

const keyOf = (classId, ...id) => {
  const run = runOf(current.run.name);
  return JSON.stringify([run.name, run.version, classId, ...id]);
};
const announce = (name) => document.dispatchEvent(new Event(name));

/** Returns the loss that was measured on this page, as an array; null where none was. */
export const findAlone = (classId, id) => known.get(keyOf(classId, id)) || null;

/** True where a person may ask the model: there is a worker process, as the page of ablation needs one. */
export const canMeasure = () => isServed && Boolean(document.querySelector('#tabs [data-view="ablation"]'));

/** Returns what is measured for a class: its channels, those done, and the last state of the server; null where nothing is.
    Where it ended without an answer, it has a `problem` until somebody asks again. */
export const findMeasuring = (classId) => tasks.get(keyOf(classId)) || null;

const ask = async (base, body) => {
  const headers = {'X-Summit-Dash': 'alone', 'Content-Type': 'application/json'};
  const answer = await fetch(`${base}alone`, {method: 'POST', headers, body: JSON.stringify({...body, visit})});
  if (!(answer.headers.get('Content-Type') || '').startsWith('application/json')) throw new Error(`${answer.status}`);
  return answer.json();
};
const unreachable = ({message}) => ({
  is_over: true,
  problem: {rule: 'Channels are removed by the server.', found: `It did not answer (${message}).`, fix: 'Start it again, then reload.'},
});
const pause = (ms) => new Promise((resolve) => window.setTimeout(resolve, ms));

/** Asks for some channels until they are measured; returns nothing where there is no answer, or nobody wants one. The server
    hears of the latter after its answer, which has the token of the page. */
const measureSome = async (task, channels) => {
  const wish = {class_id: task.classId, channels};
  for (let wait = SOON; ; wait = Math.min(LATE, wait * 1.3)) {
    const state = await ask(task.base, wish).catch(unreachable);
    visit = state.visit || visit;
    if (state.problem) task.problem = state.problem;
    if (state.result || state.problem) return state.result;
    task.state = state; /* a sleeping page asks too seldom, and the server drops the work: it is asked again */
    task.nNow = state.n_total > 1 && !state.is_over ? (state.n_done / state.n_total) * channels.length : 0;
    announce('summit-measuring');
    if (!task.isCancelled) await pause(wait);
    if (task.isCancelled) {
      await ask(task.base, {...wish, cancel: true}).catch(unreachable);
      return null;
    }
  }
};
const measureAll = async (key, task) => {
  while (task.waiting.length && !task.problem && !task.isCancelled) {
    task.now = task.waiting.splice(0, AT_ONCE);
    const result = await measureSome(task, task.now);
    if (result) {
      Object.entries(result.alone).forEach(([id, lost]) => known.set(task.keys.get(id), lost));
      task.nDone += task.now.length;
      task.now = [];
      task.nNow = 0;
      announce('summit-alone');
    }
  }
  if (task.isCancelled) return;
  if (!task.problem) tasks.delete(key);
  announce('summit-measuring');
};

/** Measures channels of a class, some at a time, after those that are measured already. */
export const measureAlone = (classId, channels) => {
  const key = keyOf(classId);
  const running = tasks.get(key);
  const goesOn = running && !running.problem;
  const task = goesOn
    ? running
    : {
        classId,
        base: baseOf(runOf(current.run.name)),
        keys: new Map(),
        waiting: [],
        now: [],
        nDone: 0,
        nNow: 0,
        state: null,
        problem: null,
      };
  const added = channels.filter((id) => !task.keys.has(id));
  added.forEach((id) => task.keys.set(id, keyOf(classId, id)));
  task.waiting.push(...added);
  if (!goesOn) {
    tasks.set(key, task);
    measureAll(key, task);
  }
  announce('summit-measuring');
};

/** Ends what is measured for a class. What is known stays. */
export const cancelMeasuring = (classId) => {
  const task = findMeasuring(classId);
  if (!task) return;
  task.isCancelled = true;
  tasks.delete(keyOf(classId));
  announce('summit-measuring');
};
