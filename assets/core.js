/* What every view stands on: the page's object, how views are registered, data, pictures, small helpers.

   The page's state is the selection (selection.js). A view registers a function that shows a selection; Dash calls all
   of them in one clientside callback whenever the store of the selection changes, and in a static site static.js does. */
window.summitDash = {selection: null, run: null};
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.summit = {};

(function () {
  const page = window.summitDash;
  const dash = window.dash_clientside;
  page.boot = JSON.parse(document.getElementById('boot').textContent);
  /** Where the selection stands in the address bar. A static site has it behind a #: a file takes no query. */
  page.address = {
    read: () => window.location.search,
    of: (query) => query || window.location.pathname,
  };

  /** Registers a view. `show(selection, before)` draws it; `before` is null at first and after a change of run. */
  page.view = (name, show) => shows.push([name, show]);
  const shows = [];
  let before = null;
  dash.summit.show = (selection) => {
    if (!selection || !page.run) return;
    const last = before && before.run === selection.run ? before : null;
    before = selection;
    shows.forEach(([name, show]) => {
      /* A view that fails must not take the others with it. */
      Promise.resolve()
        .then(() => show(selection, last))
        .catch((failure) => window.console.error(`${name}:`, failure));
    });
  };
  /** Whether any of these fields differ; true where there was no selection before. */
  page.changed = (selection, before, ...fields) =>
    !before || fields.some((field) => JSON.stringify(selection[field]) !== JSON.stringify(before[field]));

  page.reducedMotion = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches;

  /** Something kept in this browser; nothing where it refuses, as in a private window. */
  page.remember = (key, value) => {
    try {
      if (value !== undefined) window.localStorage.setItem(`summit-dash-${key}`, JSON.stringify(value));
      return JSON.parse(window.localStorage.getItem(`summit-dash-${key}`));
    } catch (refused) {
      return null;
    }
  };

  // --- elements -----------------------------------------------------------------------------------------------------
  const SVG = new Set(['svg', 'g', 'path', 'rect', 'circle', 'line', 'text', 'title', 'use', 'defs', 'clipPath', 'image', 'polyline']);
  /** An element. Attributes by name; `onclick` and other functions become listeners; null and false are left out. */
  page.h = (tag, attributes, ...children) => {
    const element = SVG.has(tag) ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
    Object.entries(attributes || {}).forEach(([name, value]) => {
      if (value === null || value === undefined || value === false) return;
      if (typeof value === 'function') element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? '' : value);
    });
    element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return element;
  };
  page.icon = (name) => page.h('span', {class: `icon icon-${name}`, 'aria-hidden': 'true'});
  /** A button that does one thing to the selection. */
  page.action = (action, attributes, ...children) =>
    page.h('button', {type: 'button', 'data-action': JSON.stringify(action), ...attributes}, ...children);
  /** A term of art with its meaning in one sentence. */
  page.term = (text, tip, className = '') => page.h('span', {class: `term ${className}`, 'data-tip': tip, tabindex: 0}, text);
  /** What is missing, what was found instead, and what to do about it. */
  page.emptyState = ({rule, found, fix}) =>
    page.h(
      'div',
      {class: 'empty-state', role: 'status'},
      page.h('div', {class: 'empty-icon'}, page.icon('compass')),
      page.h('p', {class: 'empty-rule'}, rule),
      page.h('p', {class: 'empty-found'}, found),
      page.h('p', {class: 'empty-do'}, fix),
    );

  // --- numbers and names --------------------------------------------------------------------------------------------
  const number = new Intl.NumberFormat('en');
  page.count = (n) => number.format(n);
  page.percent = (fraction) => (fraction === null || fraction === undefined ? '–' : `${(100 * fraction).toFixed(1)} %`);
  page.plural = (n, noun, nouns = `${noun}s`) => `${number.format(n)} ${n === 1 ? noun : nouns}`;
  page.of = (part, whole) => `${number.format(part)} of ${number.format(whole)}`;
  /** Why there is none, where there is none. */
  Object.defineProperty(page, 'NO_ACCURACY', {get: () => page.run.no_accuracy});
  page.accuracyTip = ({top1, top5, n}) =>
    top1 === null
      ? page.NO_ACCURACY
      : `Top-1 accuracy: ${page.percent(top1)} of ${page.plural(n, 'image')}${top5 === null ? '' : `; top-5 ${page.percent(top5)}`}.`;
  page.channelId = (layer, channel) => `${layer}-${channel}`;

  // --- data ---------------------------------------------------------------------------------------------------------
  const loading = new Map();
  const runOf = (name) => page.boot.runs.find((run) => run.name === name) || page.boot.runs[0];
  const base = (run) => `${page.boot.prefix}run/${encodeURIComponent(run.name)}/`;
  const fetchKey = async (run, key) => {
    const answer = await fetch(`${base(run)}data/${encodeURI(key)}.json?v=${run.version}`);
    if (!answer.ok) throw new Error(`${answer.status} ${key}`);
    return answer.json();
  };
  /** The payload of a key ("class/270"), asked for once. A payload may hold a `problem` instead of what was asked. */
  page.load = (key, name = page.run && page.run.name) => {
    const run = runOf(name);
    const address = `${run.name} ${key}`;
    if (!loading.has(address)) {
      const answer = (page.readStatic ? page.readStatic(run, key) : fetchKey(run, key)).catch((failure) => {
        loading.delete(address);
        return {problem: {rule: 'The page needs its server.', found: `It did not answer (${failure.message}).`, fix: 'Start it again, then reload.'}};
      });
      loading.set(address, answer);
      if (loading.size > 400) loading.delete(loading.keys().next().value);
    }
    return loading.get(address);
  };

  // --- pictures -----------------------------------------------------------------------------------------------------
  const TINY = 32; /* pixels: up to there precompute/pictures.py enlarges by whole pixels */
  const pictures = new Map(); /* channel id -> object URL, for channels that came in a class's bundle */
  const bundles = new Map();
  const address = (path, name = page.run.name) => `${base(runOf(name))}${path}${page.readStatic ? '' : `?v=${runOf(name).version}`}`;
  /* `name` is a run's, where it is not the one that is shown. */
  page.picture = (layer, channel, name = page.run.name) =>
    pictures.get(`${name} ${layer}-${channel}`) || address(`picture/${encodeURIComponent(layer)}/${channel}.webp`, name);
  page.visualization = (layer, channel, kind, name) => address(`visualization/${encodeURIComponent(layer)}/${channel}/${kind}.webp`, name);
  page.example = (layer, channel, owner, rank, name) => address(`example/${encodeURIComponent(layer)}/${channel}/${owner}/${rank}.webp`, name);
  /** An element that shows a dataset example. A static site holds an image once, and shows parts of it by their `box`. */
  page.exampleImage = ({layer, channel, rank, image_id: id, box}, owner) =>
    page.readStatic && box
      ? partOf(address(`image/${id}.jpg`), box)
      : page.h('img', {src: page.example(layer, channel, owner, rank), alt: '', decoding: 'async'});
  /** A part of an image, as an `img` of the part alone would show it: tiny ones with crisp pixels. */
  const partOf = (href, [x, y, right, bottom]) => {
    const [width, height] = page.run.image_size;
    const [wide, tall] = [right - x, bottom - y];
    const crisp = Math.max(wide, tall) <= TINY && 'image-rendering: pixelated';
    return page.h('svg', {class: 'part', viewBox: `0 0 ${wide} ${tall}`, preserveAspectRatio: 'xMidYMid slice', 'aria-hidden': 'true'},
      page.h('svg', {width: wide, height: tall, viewBox: `${x} ${y} ${wide} ${tall}`},
        page.h('image', {href, width, height, style: crisp}))); // prettier-ignore
  };
  page.prototype = (classId, method) => address(`prototype/${classId}/${method}.webp`);
  /** Brings all pictures of a class's graph at once; `page.picture` knows them from then on. */
  page.loadPictures = (classId, name = page.run.name) => {
    if (page.readStatic) return Promise.resolve();
    const key = `${name} ${classId}`;
    if (!bundles.has(key)) bundles.set(key, unpack(address(`thumbnails/${classId}.bin`, name), name).catch(() => bundles.delete(key)));
    return bundles.get(key);
  };
  const unpack = async (url, name) => {
    const bytes = await (await fetch(url)).arrayBuffer();
    const length = new DataView(bytes).getUint32(0, true);
    const index = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length)));
    let start = 4 + length;
    index.forEach(([id, size]) => {
      const key = `${name} ${id}`;
      if (!pictures.has(key)) pictures.set(key, URL.createObjectURL(new Blob([bytes.slice(start, start + size)], {type: 'image/webp'})));
      start += size;
    });
  };

  // --- the run ------------------------------------------------------------------------------------------------------
  /** Classes by their full names; of several of one name none. */
  const byName = (classes) =>
    classes.reduce((names, each) => names.set(each.full, names.has(each.full) ? null : each), new Map());
  /** The overview with its classes and layers as objects, looked up by id and by name. */
  const readRun = (overview) => {
    const columns = Object.entries(overview.classes);
    const classes = overview.classes.id.map((id, place) => Object.fromEntries([['place', place], ...columns.map(([name, values]) => [name, values[place]])]));
    const layers = overview.layers.map((layer, place) => ({...layer, place}));
    return {
      ...overview,
      classes,
      layers,
      classByName: byName(classes),
      classById: new Map(classes.map((each) => [each.id, each])),
      layerByName: new Map(layers.map((each) => [each.layer, each])),
    };
  };
  const runs = new Map();
  /** A run that is served, the first where none has the name; or what holds the `problem`. */
  page.readRun = async (name) => {
    const {name: found} = runOf(name);
    if (!runs.has(found)) {
      const overview = await page.load('run', found);
      if (overview.problem) return overview;
      runs.set(found, readRun(overview));
    }
    return runs.get(found);
  };
  /** Makes a run the one that is shown. */
  page.openRun = async (name) => {
    const run = await page.readRun(name);
    if (run.problem) return run;
    const isOther = page.run !== run;
    page.run = run;
    if (isOther) document.dispatchEvent(new CustomEvent('summit-run'));
    return page.run;
  };
  if (window.summitStatic) window.summitStatic(page);
  /* Asked for at once, while Dash is still being read. */
  page.openRun(new URLSearchParams(page.address.read()).get('run'));
})();
