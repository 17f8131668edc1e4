// @ts-check
/* The rows of the list of classes: one element serves a class or the header of a group, and is filled again and again. */
import * as current from '../current.js';
import {h, icon} from '../dom.js';
import {NO_ACCURACY, accuracyTip, percent, plural} from '../format.js';
import {classes} from '../model/classes.js';
import {fuzzy} from '../model/fuzzy.js';
import {cursor, linked} from './sidebar_cursor.js';
import {groups} from './sidebar_groups.js';
import * as list from './sidebar_state.js';

const NO_BINS = 'No probabilities of the true class in this run.';

/** Whether a class of this run is the second one of the comparison that is shown. */
export const isCompared = ({vs, vs_run: run, view}, id) => vs === id && view === 'compare' && (!run || run === current.run.name);

// --- a class ------------------------------------------------------------------------------------------------------
const paths = new Map();
/** The histogram of a class as one path of 20 bars, 60 by 18; drawn once. */
const pathOf = ({id, bins}) => {
  const key = `${current.run.name} ${id}`;
  if (!paths.has(key)) {
    const most = Math.max(...bins, 1);
    paths.set(key, bins.map((n, i) => `M${i * 3 + 1.5} 18V${(18 - Math.max(0.6, (17 * n) / most)).toFixed(1)}`).join(''));
    if (paths.size > 5000) paths.delete(paths.keys().next().value);
  }
  return paths.get(key);
};
const buildClass = () => {
  const parts = {
    badge: h('span', {class: 'badge badge-b'}, 'B'),
    name: h('span', {class: 'name'}),
    mark: h('span', {class: 'mark'}),
    compare: h('span', {class: 'row-compare', 'aria-hidden': 'true', 'data-tip': 'Compare with the selected class  Shift Enter'}, '⇄'),
    accuracy: h('span', {class: 'number'}),
    path: h('path'),
    none: h('span', {class: 'cell-none muted', title: NO_BINS}, '–'),
    bar: h('span'),
  };
  parts.cell = h('span', {class: 'cell-name'}, parts.badge, parts.name, parts.mark, parts.compare);
  parts.svg = h('svg', {class: 'cell-histogram', viewBox: '0 0 60 18', width: 60, height: 18, 'aria-hidden': 'true'}, parts.path);
  parts.similarity = h('span', {class: 'cell-similarity'}, parts.bar);
  parts.elements = [parts.cell, parts.accuracy, h('span', {class: 'cell-bins'}, parts.svg, parts.none), parts.similarity];
  return parts;
};
/** A name with the letters that the search matched marked. */
const markName = (name, found) => {
  if (!found) return [name];
  const pieces = [];
  let end = 0;
  fuzzy.markLetters(name, found).forEach(([start, stop]) => {
    pieces.push(name.slice(end, start), h('mark', null, name.slice(start, stop)));
    end = stop;
  });
  return [...pieces, name.slice(end)];
};
const showBar = (cell, bar, value, tip) => {
  cell.title = tip;
  cell.classList.toggle('none', value === null);
  bar.style.transform = `scaleX(${value === null ? 0 : Math.max(0, value) / 1000})`;
};
const cosineTip = (value) => {
  const {similarity, selection} = list.state;
  if (value !== null) return `cosine ${(value / 1000).toFixed(3)} at ${selection.layer}`;
  return similarity === undefined ? 'Being computed.' : 'No cosine: there are no activation counts for this class and layer.';
};
const fillClass = (row, parts, each) => {
  const {selection, similarity, found} = list.state;
  const isSelected = each.id === selection.class_id;
  const value = similarity ? similarity[each.place] : null;
  const group = each.group === null ? '' : current.run.groups.names[each.group];
  const tip = accuracyTip(each);
  row.dataset.class = each.id;
  row.className = `row${isSelected ? ' selected' : ''}`;
  row.setAttribute('aria-selected', String(isSelected));
  parts.badge.hidden = !isCompared(selection, each.id);
  parts.name.replaceChildren(...markName(each.name, found));
  parts.mark.textContent = each.mark;
  parts.compare.hidden = isSelected;
  parts.cell.title = [each.full, each.synset, group].filter(Boolean).join(' · ');
  parts.accuracy.textContent = percent(each.top1);
  parts.accuracy.title = tip;
  parts.accuracy.classList.toggle('muted', each.top1 === null);
  parts.svg.toggleAttribute('hidden', !each.bins);
  parts.none.hidden = Boolean(each.bins);
  if (each.bins) parts.path.setAttribute('d', pathOf(each));
  showBar(parts.similarity, parts.bar, value, cosineTip(value));
  row.setAttribute(
    'aria-label',
    `${[each.name, each.mark].filter(Boolean).join(' ')}. ${tip}${value === null ? '' : ` Similar: ${cosineTip(value)}.`}`,
  );
};

// --- the header of a group ----------------------------------------------------------------------------------------
const buildHead = () => {
  const parts = {
    name: h('span', {class: 'group-name'}),
    accuracy: h('span', {class: 'number'}),
    size: h('span', {class: 'group-size'}),
    bar: h('span'),
  };
  parts.similarity = h('span', {class: 'cell-similarity'}, parts.bar);
  parts.elements = [icon('chevron'), parts.name, parts.accuracy, parts.size, h('span', {class: 'group-likeness'}, parts.similarity)];
  return parts;
};
const countClasses = (n) => plural(n, 'class', 'classes');
const sizeOf = (head, n) =>
  n < head.classes.length ? `${n} of ${countClasses(head.classes.length)}` : `${countClasses(n)} · ${plural(head.n, 'image')}`;
const meanTip = ({accuracy, known, classes: all}) => {
  if (accuracy === null) return NO_ACCURACY();
  const of = known < all.length ? `${known} of ${countClasses(all.length)}` : countClasses(known);
  return `Mean top-1 accuracy of ${of}: ${percent(accuracy)}`;
};
const fillHead = (row, parts, {head, n}) => {
  const {selection, similarity} = list.state;
  const open = groups.isOpen(head.key);
  const {best, mean} = classes.likeness(head, similarity, selection.class_id);
  const name = best && current.run.classById.get(best.id).name;
  row.dataset.group = head.key;
  row.dataset.open = open;
  row.className = `row group-head${head.classes.some((each) => each.id === selection.class_id) ? ' of-selected' : ''}`;
  row.setAttribute('aria-selected', 'false');
  row.setAttribute('aria-label', `Group ${head.name}, ${sizeOf(head, n)}, ${open ? 'unfolded' : 'folded'}. ${meanTip(head)}`);
  parts.name.textContent = head.name;
  parts.name.title = head.name;
  parts.accuracy.textContent = percent(head.accuracy);
  parts.accuracy.title = meanTip(head);
  parts.accuracy.classList.toggle('muted', head.accuracy === null);
  parts.size.textContent = sizeOf(head, n);
  const tip = best ? `Most similar: ${name}, cosine ${(best.value / 1000).toFixed(3)}; mean of the group ${(mean / 1000).toFixed(3)}` : '';
  showBar(parts.similarity, parts.bar, best && best.value, tip);
};

// --- rows ---------------------------------------------------------------------------------------------------------
const partsOf = new WeakMap();
export const buildRow = () => {
  const row = h('div', {role: 'option', class: 'row'});
  partsOf.set(row, {});
  return row;
};
export const clearRow = (row) => ['id', 'data-class', 'data-group'].forEach((name) => row.removeAttribute(name));
/** Shows an item in a row; a row changes its kind only where a group takes the place of a class, or back. */
export const fillRow = (row, item, place, n) => {
  const kind = item.head ? 'head' : 'each';
  const kinds = partsOf.get(row);
  if (!kinds[kind]) kinds[kind] = item.head ? buildHead() : buildClass();
  if (kinds.last !== kind) {
    row.replaceChildren(...kinds[kind].elements);
    delete row.dataset[item.head ? 'class' : 'group'];
    delete row.dataset.open;
    kinds.last = kind;
  }
  if (item.head) fillHead(row, kinds.head, item);
  else fillClass(row, kinds.each, item.each);
  const pinned = list.state.pinned ? 1 : 0;
  row.id = `row-${item.key}`;
  row.setAttribute('aria-posinset', String(place + 1 + pinned));
  row.setAttribute('aria-setsize', String(n + pinned));
  row.classList.toggle('cursor', cursor === item.key);
  row.classList.toggle('linked', linked === item.key);
};
