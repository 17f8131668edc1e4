/* Loads scripts of assets/ into a page without a browser: a vm context with the few objects that the scripts touch. */
import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import vm from 'node:vm';

const ASSETS = fileURLToPath(new URL('../../assets/', import.meta.url));
const MODEL = ['numbers', 'channels', 'classes', 'comparison', 'fuzzy', 'graph', 'graph_files', 'layout', 'scales', 'scatter'];
const GLOBALS = {URLSearchParams, TextDecoder, Intl, console};

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

const VIEWS = ['graph', 'compare', 'channels', 'about'];

const runScripts = (window, names) => {
  const context = vm.createContext(window);
  names.forEach((name) => vm.runInContext(readFileSync(`${ASSETS}${name}.js`, 'utf8'), context, {filename: `${name}.js`}));
};

/** The pure functions of assets/model. */
export const loadModel = () => {
  const window = {summitDash: {}, ...GLOBALS};
  window.window = window;
  runScripts(window, MODEL.map((name) => `model/${name}`));
  return window.summitDash.model;
};

/** A page with the state of selection.js. `payloads` are the answers of the server by key; `scripts` are more scripts.

    Returns {page, window, wait}: `wait(condition)` resolves once the condition holds. */
export const openPage = ({payloads = {}, search = '', runs = [{name: 'run', version: 'v'}], scripts = []} = {}) => {
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
      return {ok: key in payloads, status: key in payloads ? 200 : 404, json: async () => JSON.parse(JSON.stringify(payloads[key]))};
    },
  };
  const go = (state, title, address) => (window.location.search = address.includes('?') ? address.slice(address.indexOf('?')) : '');
  window.history = {pushState: go, replaceState: go};
  window.window = window;
  runScripts(window, ['core', 'selection', ...MODEL.map((name) => `model/${name}`), ...scripts]);
  window.dash_clientside.set_props = () => null;
  const wait = async (condition) => {
    for (let turn = 0; turn < 1000; turn += 1) {
      if (condition()) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error(`never true: ${condition}`);
  };
  return {page: window.summitDash, window, wait};
};
