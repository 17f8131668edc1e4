// @ts-check
/* The list of classes: its frame, what it follows of the selection, search, orders, what is fetched ahead. */
import * as current from '../current.js';
import {load, peek} from '../data.js';
import {action, h, icon, term} from '../dom.js';
import {NO_ACCURACY, count, of} from '../format.js';
import {classes} from '../model/classes.js';
import {fuzzy} from '../model/fuzzy.js';
import {loadPictures} from '../pictures.js';
import {buildIndex} from '../runs.js';
import {dispatch} from '../selection.js';
import {changed, view} from '../views.js';
import * as embedding from './embedding.js';
import {hover} from './embedding.js';
import {keepCursor, setCursor} from './sidebar_cursor.js';
import {buildGroupTools, groups, showGroupTools} from './sidebar_groups.js';
import {buildRow, clearRow, fillRow} from './sidebar_rows.js';
import * as list from './sidebar_state.js';
import {rove} from '../widgets/roving.js';
import {buildSegments, pressSegment} from '../widgets/segments.js';
import {virtualList} from '../widgets/virtual_list.js';

const ROW = 34;
const AHEAD = 60; /* ms that the pointer rests on a row before its class is fetched */
const at = (id) => document.getElementById(id);

// --- frame --------------------------------------------------------------------------------------------------------
const ORDERS = [
  ['similarity', 'Similar', 'Most similar to the selected class first: cosine of the activation counts at the layer.'],
  ['accuracy-up', 'Top-1 ↑', 'Lowest top-1 accuracy first.'],
  ['accuracy-down', 'Top-1 ↓', 'Highest top-1 accuracy first.'],
  ['name', 'Name', 'By name, from A to Z.'],
];
/** An order; one that cannot be chosen says why. */
const describeOrder = ([sort, text, tip]) =>
  current.run.has.accuracy || !sort.startsWith('accuracy')
    ? {name: sort, text, 'data-sort': sort, 'data-tip': tip, 'data-action': JSON.stringify({sort})}
    : {name: sort, text, 'data-sort': sort, 'data-tip': NO_ACCURACY(), 'aria-disabled': 'true'};
const buildSearch = () => {
  const names = {placeholder: `Search ${count(current.run.classes.length)} classes`, 'aria-label': 'Search the classes'};
  const plain = {id: 'search', type: 'search', autocomplete: 'off', spellcheck: 'false', oninput: searchNow};
  const state = {role: 'combobox', 'aria-controls': 'class-list', 'aria-expanded': 'true', 'aria-autocomplete': 'list'};
  return h('label', {class: 'search'}, icon('search'), h('input', {...plain, ...names, ...state}), h('kbd', {'aria-hidden': 'true'}, '/'));
};
const TOP1 = 'Top-1 accuracy: images whose most probable output is the class.';
const BINS = "Images per twentieth of the true class's probability, 0 at the left, 1 at the right.";
const SIMILAR = 'Cosine of activation counts with the selected class, at the selected layer.';
const buildHeadings = () => {
  const top1 = term('Top-1', current.run.has.accuracy ? TOP1 : NO_ACCURACY(), {className: 'number'});
  const bins = current.run.has.histograms && term('Probability', BINS);
  return h(
    'div',
    {class: 'list-heads'},
    h('span', null, 'Class'),
    top1,
    bins,
    term('Similar', SIMILAR, {entry: 'similarity-of-two-classes'}),
  );
};
const build = () => {
  const box = h('div', {id: 'class-list', class: 'list', role: 'listbox', tabindex: 0, 'aria-label': 'Classes'});
  const orders = buildSegments('Order of the classes', ORDERS.map(describeOrder), {id: 'sorts'});
  at('sidebar').classList.toggle('without-bins', !current.run.has.histograms);
  at('sidebar').replaceChildren(
    buildSearch(),
    h('div', {class: 'list-tools'}, orders, buildGroupTools()),
    h('div', {id: 'only', class: 'only', hidden: true}),
    buildHeadings(),
    h('div', {class: 'list-frame'}, box, h('div', {id: 'no-match', class: 'no-match', role: 'status', hidden: true})),
  );
  const fresh = {similarity: undefined, order: null, found: null, pinned: null, selection: null};
  list.setState({run: current.run, ...fresh, heads: classes.buildHeads(current.run)});
  list.setElements(box, virtualList({element: box, height: ROW, build: buildRow, fill: fillRow, clear: clearRow, onView: highlight}));
  rove(document.querySelector('.list-heads'), '.term');
  watch(box);
};
/** The classes in view stand out in the embedding, where they are not all of them. */
const highlight = (items) => {
  const ids = items.filter((item) => item.each).map((item) => item.each.id);
  embedding.highlight(ids.length + 1 < current.run.classes.length ? ids : []);
};

// --- rows ---------------------------------------------------------------------------------------------------------
let ordered = null;
/** All classes in the order that is chosen, sorted again only where it changed. */
const orderedClasses = () => {
  const {order, run, selection} = list.state;
  const {sort} = selection;
  if (!ordered || ordered.run !== run || ordered.sort !== sort || ordered.order !== order)
    ordered = {run, sort, order, classes: classes.orderClasses(run.classes, sort, order)};
  return ordered.classes;
};
export const draw = () => {
  const {state} = list;
  const {selection} = state;
  const shown = groups.shown();
  const selected = current.run.classById.get(selection.class_id);
  const rows = classes.buildRows(orderedClasses(), {
    sort: selection.sort,
    similarity: state.order,
    selected: selection.class_id,
    groups: shown ? groups : null,
    found: state.found && state.found.scores,
    only: selection.only,
    heads: state.heads,
  });
  const pinned = selected && !shown ? {key: `c${selected.id}`, each: selected} : null;
  list.setState({pinned});
  at('sidebar').classList.toggle('grouped', shown);
  list.rows.show(rows, pinned);
  showGroupTools();
  tellMatches(rows.length);
};
/** After groups were folded or unfolded. */
export const refold = () => {
  draw();
  keepCursor();
};
/** After groups were shown or hidden. */
export const regroup = () => {
  setCursor(null);
  draw();
  showSelected();
};
/** Scrolls to the selected class: to the top by similarity, else to its place among the groups. */
const showSelected = () => {
  const {selection} = list.state;
  const place = list.rows.placeOf(`c${selection.class_id}`);
  if (selection.sort === 'similarity') list.rows.toTop();
  else if (place >= 0) list.rows.reveal(place);
};

// --- search -------------------------------------------------------------------------------------------------------
const SETTLED = 400; /* ms without a letter after which what is searched for goes into the link */
let writing = 0;
const searchNow = () => {
  window.clearTimeout(writing);
  writing = window.setTimeout(() => {
    writing = 0;
    dispatch({search: at('search').value.trim()});
  }, SETTLED);
  showFound();
  setCursor(list.state.found ? bestMatch() : null);
};
const showFound = () => {
  list.setState({found: fuzzy.search(buildIndex(current.run), at('search').value)});
  groups.searchBegins();
  draw();
  list.rows.toTop();
};
export const search = (text) => {
  at('search').value = text;
  searchNow();
};
/** Searches for what a link or an undone step says. */
const followSearch = ({search: text}) => {
  if (writing || at('search').value.trim() === text) return;
  at('search').value = text;
  showFound();
};
/** The row of the best match, the first where several are as good. */
export const bestMatch = () => {
  const {scores} = list.state.found;
  const rows = list.rows.items().filter((item) => item.each);
  const best = rows.reduce((least, item) => (least === null || scores.get(item.each.id) < scores.get(least.each.id) ? item : least), null);
  return best && best.key;
};
const tellMatches = (n) => {
  const {found, pinned} = list.state;
  const place = at('no-match');
  const text = at('search').value.trim();
  place.hidden = !found || n > 0;
  if (place.hidden) return place.replaceChildren();
  if (pinned && found.scores.has(pinned.each.id)) return place.replaceChildren(`Only the selected class matches “${text}”.`);
  if (found.scores.size) return place.replaceChildren(`None of the classes from the embedding matches “${text}”.`);
  const nearest = current.run.classById.get(fuzzy.nearest(buildIndex(current.run), text));
  const suggestion = h('button', {type: 'button', class: 'link', onclick: () => search(nearest.name)}, nearest.name);
  return place.replaceChildren(h('p', null, `No class matches “${text}”.`), h('p', null, 'The nearest name is ', suggestion, '.'));
};

// --- what is fetched ahead, and the pointer -----------------------------------------------------------------------
let timer = null;
/** Fetches what a click on the class will show, once the pointer or the cursor rests there. */
export const prefetch = (id) => {
  window.clearTimeout(timer);
  if (id === null || !current.run.has.graphs) return;
  timer = window.setTimeout(() => {
    load(`class/${id}`);
    loadPictures(id);
  }, AHEAD);
};
const idOf = (row) => (row && row.dataset.class !== undefined ? Number(row.dataset.class) : null);
const watch = (box) => {
  let over = null;
  const point = (id) => {
    if (id === over) return;
    over = id;
    hover(id);
    prefetch(id);
  };
  box.addEventListener('pointerover', (event) => point(idOf(event.target.closest('.row'))));
  box.addEventListener('pointerleave', () => point(null));
  box.addEventListener('click', (event) => {
    const row = event.target.closest('.row');
    const id = idOf(row);
    if (row && row.dataset.group) {
      setCursor(row.dataset.group);
      groups.toggle(row.dataset.group);
    } else if (id !== null) {
      const isCompare = event.shiftKey || event.target.closest('.row-compare');
      dispatch(isCompare && id !== current.selection.class_id ? {vs: id, vs_run: null} : {class_id: id});
    }
  });
};

// --- what follows the selection -----------------------------------------------------------------------------------
/** Reads how similar every class is; until it is there the list keeps its order, but shows no bars of another class. */
const readSimilarity = async (selection) => {
  const {run} = current;
  const isThere = run.has.activations && run.classById.has(selection.class_id);
  list.setState(isThere ? {similarity: undefined} : {similarity: null, order: null});
  if (!isThere) return;
  const key = `class/${selection.class_id}`;
  const take = (payload) => {
    const similarity = (payload.similarity && payload.similarity[selection.layer]) || null;
    list.setState({similarity, order: similarity});
    if (selection.sort === 'similarity') list.rows.toTop();
  };
  const known = peek(key);
  if (known) return take(known); /* before the list is drawn */
  const payload = await load(key);
  if (current.run !== run || changed(list.state.selection, selection, 'class_id', 'layer')) return;
  take(payload);
  draw();
};
const showOnly = ({only}) => {
  const chip = at('only');
  chip.hidden = !only.length;
  if (!only.length) return chip.replaceChildren();
  const names = {class: 'icon-button small', 'aria-label': 'Show all classes', 'data-tip': 'Show all classes  Esc'};
  const close = action({only: []}, names, icon('close'));
  return chip.replaceChildren(h('span', null, `${of(only.length, current.run.classes.length)} classes from the embedding`), close);
};
view('sidebar', (selection, before) => {
  if (!before) build();
  const isNewClass = changed(selection, before, 'class_id');
  const selected = current.run.classById.get(selection.class_id);
  list.setState({selection});
  if (isNewClass && selected) groups.reveal(selected.group);
  if (changed(selection, before, 'sort')) pressSegment(at('sorts'), selection.sort, at('sorts').parentElement);
  if (changed(selection, before, 'only')) showOnly(selection);
  if (changed(selection, before, 'class_id', 'layer')) readSimilarity(selection);
  if (changed(selection, before, 'search')) followSearch(selection);
  if (!changed(selection, before, 'class_id', 'layer', 'sort', 'only', 'vs', 'vs_run', 'view')) return;
  draw();
  if (isNewClass) setCursor(null);
  else keepCursor();
  if (changed(selection, before, 'class_id', 'sort', 'only')) showSelected();
});
