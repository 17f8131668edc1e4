/* The modules of assets/src for tests: pure ones as they are, and the state of the page with the few objects that it touches. */
import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import vm from 'node:vm';
import {buildSync} from 'esbuild';

const SOURCE = fileURLToPath(new URL('../../assets/src/', import.meta.url));
const MODEL = ['channels', 'classes', 'comparison', 'elements', 'fuzzy', 'graph', 'layout', 'proof', 'scales', 'scatter', 'transfer'];
const GLOBALS = {URLSearchParams, TextDecoder, Intl, console};
const VIEWS = ['graph', 'compare', 'channels', 'about'];

/** A value of the page as one of this file's realm, which `assert.deepEqual` compares by content. */
export const plain = (value) => structuredClone(value);

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
export const seededRandom = (seed) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
};

/** The values that Python computed for this test file: test_js.py writes them and names their file. */
export const readCases = () => JSON.parse(readFileSync(process.env.SUMMIT_CASES, 'utf8'));

/** The pure functions of assets/src/model. */
export const loadModel = async () => Object.assign({}, ...(await Promise.all(MODEL.map((name) => import(`${SOURCE}model/${name}.js`)))));

/** Modules as one script that makes `page` of what they export: a fresh page each time that it runs. */
const bundle = (names) => {
  const contents = names.map((name) => `export * from './${name}.js';`).join('\n');
  const stdin = {contents, resolveDir: SOURCE};
  return buildSync({stdin, bundle: true, write: false, format: 'iife', globalName: 'page', target: 'es2022'}).outputFiles[0].text;
};
const STATE = ['current', 'data', 'runs', 'selection'];

/** A page with the state of selection.js. `payloads` are the answers of the server by key; `modules` are more modules.

    Returns {page, window, wait}: `wait(condition)` resolves once the condition holds. */
export const openPage = ({payloads = {}, search = '', runs = [{name: 'run', version: 'v'}], modules = []} = {}) => {
  const elements = {boot: {textContent: JSON.stringify({prefix: '/', runs})}};
  const window = {
    ...GLOBALS,
    location: {search, pathname: '/'},
    document: {
      getElementById: (id) => elements[id] || null,
      querySelectorAll: (selector) => (selector === '#tabs [data-view]' ? VIEWS.map((view) => ({dataset: {view}})) : []),
      addEventListener: () => null,
      dispatchEvent: () => true,
    },
    CustomEvent: class {},
    localStorage: {getItem: () => null, setItem: () => null},
    addEventListener: () => null,
    fetch: async (address) => {
      const key = decodeURI(address).match(/data\/(.*)\.json/)[1];
      return {ok: key in payloads, status: key in payloads ? 200 : 404, text: async () => JSON.stringify(payloads[key])};
    },
    dash_clientside: {set_props: () => null},
  };
  const go = (state, title, address) => (window.location.search = address.includes('?') ? address.slice(address.indexOf('?')) : '');
  window.history = {pushState: go, replaceState: go};
  window.window = window;
  const page = vm.runInContext(`${bundle([...STATE, ...modules])}; page`, vm.createContext(window));
  const wait = async (condition) => {
    for (let turn = 0; turn < 1000; turn += 1) {
      if (condition()) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error(`never true: ${condition}`);
  };
  return {page, window, wait};
};
