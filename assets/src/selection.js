// @ts-check
/* The one state of the page: what it may hold, its form in the address, and what an action makes of it.

   Everything above "the page" is pure: no element, no request. */
import * as current from './current.js';
import {address, boot} from './data.js';
import {emptyState} from './dom.js';
import {openRun, readRun} from './runs.js';

// --- fields -------------------------------------------------------------------------------------------------------
const text = {read: (given) => given, write: String, none: null};
const id = {read: (given) => readWhole(given, 0, 1e9), write: String, none: null};
const classId = {...id, read: (given) => id.read(given.replace(/^#/, '')), named: true};
const ids = {read: (given) => given.split(',').map((each) => readWhole(each, 0, 1e9)), write: (list) => list.join(','), none: []};
const texts = {read: (given) => given.split(','), write: (list) => list.join(','), none: []};
const choice = (...names) => ({read: (given) => readChoice(given, names), write: String, none: names[0], names});
/** A view is one of the tabs; looked up when an address is read, because Dash adds the tabs after this script. */
const viewNames = () => [...document.querySelectorAll('#tabs [data-view]')].map((tab) => tab.dataset.view);
const view = {read: (given) => readChoice(given, viewNames()), write: String, none: 'graph'};
const percentage = (low, high) => ({read: (given) => Math.min(high, Math.max(low, readWhole(given, 0, 1e9))), write: String, none: 100});
/** "3" as [3], "3-5" as [3, 4, 5]. */
const readSpan = (part) => {
  const [first, last = first] = part.split('-').map((each) => readWhole(each, 0, 1e9));
  if (last < first || last - first > 1e5) throw new Error(part);
  return Array.from({length: last - first + 1}, (_, i) => first + i);
};
/** Ids in a row as [first, last]: an address with a thousand of them must not be longer than servers take. */
const toSpans = (list) =>
  [...list]
    .sort((a, b) => a - b)
    .reduce((spans, each) => {
      const last = spans[spans.length - 1];
      if (last && each === last[1] + 1) last[1] = each;
      else spans.push([each, each]);
      return spans;
    }, []);
const readWhole = (given, low, high) => {
  if (!/^\d{1,9}$/.test(given) || Number(given) < low || Number(given) > high) throw new Error(given);
  return Number(given);
};
const readChoice = (given, names) => {
  if (!names.includes(given)) throw new Error(given);
  return given;
};
const idSet = {
  read: (given) => given.split(/[.,]/).flatMap((part) => readSpan(part)),
  write: (list) =>
    toSpans(list)
      .map(([first, last]) => (first === last ? first : `${first}-${last}`))
      .join('.'),
  none: [],
};
/* Lists are never changed in place. `sort`, `covers` and the like are ways of looking, not places to come back to. */
const FIELDS = {
  run: text,
  class_id: {...classId, key: 'class'},
  vs: classId,
  vs_run: text /* the run that B is of, where it is not the run that is shown */,
  also: ids /* up to two more classes, in the bars of a comparison */,
  layer: text /* of the embedding, the similarities and the page of channels */,
  channel: id,
  channel_layer: text /* the layer of the channel, where that is another one */,
  view,
  panel: choice('channel', 'class') /* which of the two the right panel is for */,
  sort: {...choice('similarity', 'accuracy-up', 'accuracy-down', 'name'), look: true},
  covers: {...percentage(1, 100), look: true},
  width: {...percentage(25, 300), look: true},
  height: {...percentage(25, 300), look: true},
  direction: {...choice('down', 'right'), look: true},
  sides: {...choice('merged', 'two'), look: true},
  color: {...choice('plain', 'accuracy', 'group', 'similarity', 'mistaken'), look: true},
  pins: texts /* channel ids: only what is connected with them is drawn */,
  expand: texts /* layers of which more channels than the graph's are drawn */,
  only: idSet /* classes that the list is narrowed to, by rising id */,
  image: text /* number of an image of the run, or the name that the page of images gave to one that a person brought */,
  target: id /* output that is explained; null for the most probable */,
  against: id /* output that it is compared with */,
  tab: {...choice('maps', 'cells', 'channels', 'graph'), look: true} /* what is shown of an image */,
  at: {...text, look: true} /* layer of the cells and channels of an image; null for the last one with positions */,
  by: {...choice('value', 'relative', 'attribution'), look: true} /* order of the channels in a cell */,
  over: {...choice('one', 'all'), look: true} /* images that the channels of a class are attributed over */,
  cut: text /* of a transfer result, MODEL@LAYER; null for the advised one */,
  vs_cut: text /* the cut that it is compared with; null for the best, or the one after it */,
  axis: {...choice('depth', 'multiply_adds', 'parameters', 'milliseconds'), look: true} /* along the cuts */,
  differ: {...choice('gained', 'lost', 'apart'), look: true} /* images on which two cuts disagree */,
  reference: {...choice('mean', 'blurred', 'black'), look: true} /* what some methods compare an image with */,
  preset: {...choice('epsilon_plus_flat', 'epsilon', 'epsilon_gamma_box', 'alpha2_beta1'), look: true} /* rules of LRP */,
  samples: {...choice('25', '10', '50', '100'), look: true} /* noisy copies of an image in SmoothGrad */,
  term: {...text, look: true} /* entry of the glossary on the page About */,
  order: {...choice('use', 'graphs', 'fraction', 'number', 'activation'), look: true} /* of the page of channels */,
  flag: {...choice('all', 'dead', 'outlier'), look: true},
  as: {...choice('graph', 'table'), look: true},
  chosen: {...choice('pagerank', 'effect', 'both'), look: true} /* what the channels of the graphs were chosen by */,
  mode: {
    read: (given) => readChoice(given, ['remove', 'keep']),
    write: String,
    none: null,
    look: true,
  } /* what becomes of the pinned channels on the page of ablation */,
  size: {...choice('count', 'pagerank', 'effect'), look: true} /* what the area of a channel of the graph shows */,
  ring: {...choice('plain', 'count', 'pagerank', 'effect'), look: true} /* what the colour of its ring shows */,
  bars: {...choice('away', 'shown'), look: true} /* every layer of a comparison in numbers */,
  examples: {...choice('all', 'a', 'b'), look: true} /* of a channel: over all classes, of the class, of the second class */,
  search: {...text, key: 'q', none: '', look: true} /* what the list of classes is searched for */,
};
const WALL = 'channels'; /* the page that shows the channels of one layer */
const NAMES = Object.keys(FIELDS);
const KEYS = new Set(NAMES.map((name) => FIELDS[name].key || name));
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const empty = () => ({...Object.fromEntries(NAMES.map((name) => [name, FIELDS[name].none])), unread: {}, asked: {}});

/** Reads `?class=270&vs=269&layer=mixed4d&channel=346&covers=62`; what cannot be read is kept in `unread`, and what may
    be a class's name in `asked`, until its run is there. `#3` is a class_id and no name. */
const fromQuery = (query) => {
  const given = new URLSearchParams(query);
  const selection = empty();
  NAMES.forEach((name) => {
    const key = FIELDS[name].key || name;
    const value = given.get(key);
    if (value === null || value === '') return;
    if (FIELDS[name].named && !value.startsWith('#')) selection.asked[name] = value;
    try {
      selection[name] = FIELDS[name].read(value);
    } catch {
      selection.unread[key] = value;
    }
  });
  [...given].filter(([key]) => !KEYS.has(key)).forEach(([key, value]) => (selection.unread[key] = value));
  return selection;
};
/** The class of a name in the run that a field's class is of; `runs` is the run shown, and that of B. */
const findByName = (name, text, runs) => {
  const run = runs[name === 'vs' ? 1 : 0];
  return (run && run.classByName.get(text)) || null;
};
/** An id as text, with a # where the bare number would be read as the name of another class. */
const writeField = (name, value, runs) => {
  const text = FIELDS[name].write(value);
  const other = FIELDS[name].named ? findByName(name, text, runs) : null;
  return other && other.id !== value ? `#${text}` : text;
};
/** The query that `fromQuery` reads back; what has its default is left out. */
const toQuery = (selection, runs = []) => {
  const isSaid = (name) =>
    same(selection[name], FIELDS[name].none) || (name === 'channel_layer' && selection.channel_layer === selection.layer);
  const pairs = NAMES.filter((name) => !isSaid(name)).map((name) => [FIELDS[name].key || name, writeField(name, selection[name], runs)]);
  return pairs.length ? `?${new URLSearchParams(pairs)}` : '';
};
/** What opens a channel, {layer, channel}, leaves the other views at their layer; a new layer leaves the channel open. The
    page of channels shows one layer for both. */
const applyChannel = (selection, changes) => {
  if (changes.channel === null) return {...changes, channel_layer: null};
  if ('channel' in changes) {
    const {layer = selection.layer, channel_layer: own = layer} = changes;
    return {...changes, channel_layer: own, layer: selection.layer ?? own};
  }
  if (selection.channel === null || !('layer' in changes)) return changes;
  const own = selection.channel_layer ?? selection.layer;
  const isLeft = changes.layer !== own && (changes.view || selection.view) === WALL;
  return {...changes, ...(isLeft ? {channel: null, channel_layer: null} : {channel_layer: own})};
};
/** What a person did sets the fields that it names. A second class opens the comparison; of the panels of a channel and of a class one is open. Outside of a comparison no class is its own second one. */
const apply = (selection, action) => {
  if (action.query !== undefined) return fromQuery(action.query);
  let changes = Object.fromEntries(Object.entries(action).filter(([name]) => name in FIELDS));
  if (changes.run && changes.run !== selection.run) return {...empty(), ...changes};
  changes = applyChannel(selection, changes);
  if ('class_id' in changes && changes.class_id !== selection.class_id && !('pins' in changes))
    Object.assign(changes, {pins: [], expand: []});
  if (changes.vs !== undefined && changes.vs !== null && !('view' in changes)) changes.view = 'compare';
  if (changes.panel === 'class') Object.assign(changes, {channel: null, channel_layer: null});
  else if (changes.channel !== undefined && changes.channel !== null) changes.panel = 'channel';
  const after = {...selection, term: null, ...changes, unread: {}, asked: {}};
  const isTwice = after.vs === after.class_id && !after.vs_run && after.view !== 'compare';
  return isTwice ? {...after, vs: null} : after;
};
/** What the address asked for, now that the names of classes are known: a name goes before an id. */
const findNamed = (selection, runs) => {
  const done = {...selection, unread: {...selection.unread}, asked: {}};
  Object.entries(selection.asked || {}).forEach(([name, text]) => {
    const found = findByName(name, text, runs);
    if (!found) return;
    done[name] = found.id;
    delete done.unread[FIELDS[name].key || name];
  });
  return done;
};
/** Settles the layer of the channel, and that of the other views: the last one where a link names none that is there. */
const completeLayers = (done, {layers, layerByName}) => {
  const isAsked = done.channel !== null || 'channel' in done.unread;
  done.channel_layer = isAsked ? (done.channel_layer ?? done.layer) : null;
  if (isAsked && done.view === WALL) done.layer = done.channel_layer ?? done.layer;
  if (!layers.length || layerByName.has(done.layer)) return;
  if (done.layer !== null) done.unread.layer = done.layer;
  done.layer = layers[layers.length - 1].layer;
  if (isAsked) done.channel_layer ??= done.layer;
};
/** What is not named is chosen: the first class, the last layer. Another bad value is left bad, for the view to say so.
    `other` is the run that B is of. */
const complete = (selection, run, other = run) => {
  const done = findNamed(selection, [run, other]);
  if (done.class_id === null && !('class' in done.unread) && run.classes.length) done.class_id = run.classes[0].id;
  completeLayers(done, run);
  if (run.kind === 'transfer') done.view = 'transfer';
  if (!run.has.accuracy && done.sort.startsWith('accuracy')) done.sort = 'similarity';
  if (done.run === null && boot.runs.length > 1) done.run = run.name;
  return done;
};
/** Whether the change deserves an entry of its own in the browser's history: not the path of a slider. */
const isStep = (before, after) => NAMES.some((name) => !FIELDS[name].look && !same(before[name], after[name]));

export const selections = {fromQuery, toQuery, apply, complete, isStep, empty, FIELDS};

// --- the page -----------------------------------------------------------------------------------------------------
const past = [];
const future = [];
let other = null; /* the run that B is of */
export const queryOf = (selection) => toQuery(selection, [current.run, other]);
const isBeside = (selection) => selection && selection.view !== 'graph' && selection.view !== 'compare';
const show = (after, push) => {
  const query = queryOf(after);
  const pagesFollow = isBeside(after) || isBeside(current.selection);
  current.setSelection(after);
  if (Object.keys(after.unread).length === 0 && query !== address.read())
    window.history[push ? 'pushState' : 'replaceState'](null, '', address.of(query));
  window.dash_clientside.set_props('selection', {data: after});
  if (pagesFollow) window.dash_clientside.set_props('pages-selection', {data: after});
};
let latest = null; /* what was asked for last, which may still be on its way: the next action starts from it */
const hearers = [];
/** Registers what hears of a wish at once, some milliseconds before Dash has passed the new selection on. */
export const foresee = (hear) => hearers.push(hear);
const choose = async (wanted, remember, push) => {
  latest = wanted;
  if (current.selection) hearers.forEach((hear) => hear(wanted));
  const opened = await openRun(wanted.run);
  if (opened.problem) return showProblem(opened.problem);
  const second = wanted.vs_run ? await readRun(wanted.vs_run) : opened;
  if (latest !== wanted) return;
  other = second.problem ? opened : second;
  const before = current.selection;
  const after = complete(wanted, current.run, other);
  if (before && same(before, after)) return;
  if (before && remember) {
    past.push(before);
    if (past.length > 200) past.shift();
    future.length = 0;
  }
  latest = after;
  show(after, push && before !== null && isStep(before, after));
};
export const dispatch = (action) => choose(apply(latest || empty(), action), action.query === undefined, action.query === undefined);
/** Has what the address asks for brought while Dash is still being read. */
export const bringAhead = async () => {
  /** @type {any} */
  const asked = fromQuery(address.read());
  const opened = await openRun(asked.run);
  if (opened.problem || current.selection) return;
  const wanted = complete(asked, opened);
  hearers.forEach((hear) => hear(wanted));
};
const travel = (from, to) => {
  if (!from.length) return;
  to.push(current.selection);
  choose(from.pop(), false, true);
};
export const undo = () => travel(past, future);
export const redo = () => travel(future, past);

window.addEventListener('popstate', () => dispatch({query: address.read()}));
/** Dash calls this when the page is there. */
export const start = () => {
  dispatch({query: address.read()});
};
export const showProblem = (problem) => document.getElementById('notice').replaceChildren(emptyState(problem));
