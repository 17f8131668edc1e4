// @ts-check
/* The data of the runs: where it is, and payloads by their keys. A static site reads them from files beside the page. */
import * as current from './current.js';
import {keepLast} from './kept.js';

/** The runs and the prefix of their addresses, from the document; none under node. */
export const boot = globalThis.document ? JSON.parse(document.getElementById('boot').textContent) : {prefix: '/', runs: []};
const site = globalThis.window?.summitStatic ?? null;
/** Reads the payload of a run's key in a static site; null where a server answers. */
export const readStatic = site && site.readPayload;
/** Where the selection is in the address bar. A static site has it behind a #: a file takes no query. */
export const address = site ? site.address : {read: () => window.location.search, of: (query) => query || window.location.pathname};

/** False in a static site: what it shows is what it holds. */
export const isServed = !site;

/* Promises of payloads. The browser keeps the others as text. */
export const kept = keepLast({most: 60, bytes: 3e6, least: 8});
const loaded = new WeakMap(); /* payloads by their promises */

/** Returns the entry of a run that is served, of the first where none has the name. */
export const runOf = (name) => boot.runs.find((run) => run.name === name) || boot.runs[0];
export const baseOf = (run) => `${boot.prefix}run/${encodeURIComponent(run.name)}/`;
/** Returns the address of a file of a run. In a static site it is blank until its pack is loaded. */
export const fileOf = (path, name = current.run.name) =>
  site ? site.addressOf(path) : `${baseOf(runOf(name))}${path}?v=${runOf(name).version}`;
/** Returns the address of a file when its pack is loaded. Elements of the page are filled in without this.
    @returns {Promise<string>} */
export const resolveFile = async (source) => (site ? site.resolve(source) : source);

/** Forgets what was read of a run. */
export const forget = (name) =>
  kept
    .keys()
    .filter((asked) => asked.startsWith(`${name} `))
    .forEach(kept.remove);
const isJson = (answer) => (answer.headers.get('Content-Type') || '').startsWith('application/json');
const fetchKey = async (run, key) => {
  const answer = await fetch(`${baseOf(run)}data/${encodeURI(key)}.json?v=${run.version}`);
  if (answer.status === 401) window.location.reload(); /* the session is over: the server asks to sign in, and leads back */
  if (!answer.ok && !isJson(answer)) throw new Error(`${answer.status} ${key}`);
  const text = await answer.text();
  return {payload: JSON.parse(text), size: text.length};
};
/** A payload of a static site is in a pack, which the site keeps. */
const readKey = async (run, key) => ({payload: await readStatic(run, key), size: 0});

/** Returns the payload of a key ("class/270"), asked for once. A payload may hold a `problem` instead of what was asked. */
export const load = (key, name = current.run && current.run.name) => {
  const run = runOf(name);
  const asked = `${run.name} ${key}`;
  const found = kept.get(asked);
  if (found) return found;
  const read = (readStatic ? readKey(run, key) : fetchKey(run, key)).catch((failure) => {
    kept.remove(asked);
    return {
      size: 0,
      payload: {
        problem: {
          rule: 'The page needs its server.',
          found: `It did not answer (${failure.message}).`,
          fix: 'Start it again, then reload.',
        },
      },
    };
  });
  const answer = read.then(({payload, size}) => {
    loaded.set(answer, payload);
    kept.weigh(asked, answer, size);
    return payload;
  });
  return kept.add(asked, answer);
};
/** Forgets what was read of a run or result that has another version by now. */
export const renew = (name, version) => {
  const run = runOf(name);
  if (run.version === version) return false;
  run.version = version;
  forget(name);
  return true;
};
/** The payload of a key of the shown run, where it is already there; else null. */
export const peek = (key) => loaded.get(kept.get(`${current.run.name} ${key}`)) || null;
