// @ts-check
/* A table of data: its heads, and its rows, of which the first cell is the head. A click on the head of a column sorts by it. */
import {h} from '../dom.js';
import {count} from '../format.js';
import {rove} from './roving.js';

const NUMBER = /^-?[\d,]+(\.\d+)?(e[+-]?\d+)?/i;
const NONE = new Set(['', '–']);

/** Returns the places of some texts in the order of their values: of the numbers that they all begin with, else of the texts.
    Those that hold nothing are last in both directions; equal ones stay as they are. */
export const orderTexts = (texts, isDescending) => {
  const numbers = texts.map((text) => {
    const found = NUMBER.exec(text);
    return found ? Number(found[0].replaceAll(',', '')) : NaN;
  });
  const isNone = (place) => NONE.has(texts[place]);
  const areNumbers = numbers.every((value, place) => isNone(place) || !Number.isNaN(value));
  const compare = (a, b) => (areNumbers ? numbers[a] - numbers[b] : texts[a].localeCompare(texts[b], 'en', {numeric: true}));
  const places = texts.map((_, place) => place);
  return places.sort((a, b) => {
    if (isNone(a) || isNone(b)) return Number(isNone(a)) - Number(isNone(b)) || a - b;
    return (isDescending ? compare(b, a) : compare(a, b)) || a - b;
  });
};

/** What a head shows after a click: numbers begin with the greatest, texts with the first; the third click gives the order back. */
export const nextOrder = (now, isNumber) => {
  const [first, second] = isNumber ? ['descending', 'ascending'] : ['ascending', 'descending'];
  return now === first ? second : now === second ? null : first;
};

/** Builds a head or a cell; `content` is what stands in it, or a cell that is built already. */
const buildCell = (tag, content, attributes) => (content instanceof HTMLTableCellElement ? content : h(tag, attributes, content));
const buildRow = (row) => {
  const {cells, ...attributes} = Array.isArray(row) ? {cells: row} : row;
  const [first, ...rest] = cells;
  return h('tr', attributes, buildCell('th', first, {scope: 'row'}), ...rest.map((cell) => buildCell('td', cell, {})));
};
/** The text that a cell is sorted by: its own, unless its `data-value` says another. */
const readCell = (row, column) => {
  const {dataset, textContent} = row.cells[column];
  return 'value' in dataset ? dataset.value : textContent.trim();
};

/** Builds the table. `heads` are texts, or {name, ...attributes}; `rows` are lists of cells, or {cells, ...attributes}. `caption`
    is a text that is not seen, or an element. `sorting` {name, order} remembers the column for whoever builds the table
    again. Only the first `most` rows are shown, and a button that brings the others. */
export const buildTable = ({caption = null, heads, rows, sorting = {name: null, order: null}, most = Infinity}) => {
  const all = rows.map(buildRow);
  const body = h('tbody', {});
  const line = h('tr', {});
  let isCut = all.length > most;
  const show = () => {
    const places = [...line.children].map((head) => head.textContent);
    const column = sorting.order ? places.indexOf(sorting.name) : -1;
    [...line.children].forEach((head, place) =>
      place === column ? head.setAttribute('aria-sort', sorting.order) : head.removeAttribute('aria-sort'),
    );
    const order = orderTexts(all.map((row) => readCell(row, Math.max(column, 0))), sorting.order === 'descending'); // prettier-ignore
    const sorted = column < 0 ? all : order.map((place) => all[place]);
    body.replaceChildren(...(isCut ? sorted.slice(0, most) : sorted));
  };
  const sortBy = (name, isNumber) => () => {
    Object.assign(sorting, {name, order: nextOrder(sorting.name === name ? sorting.order : null, isNumber)});
    show();
  };
  const buildHead = (head) => {
    const {name, ...attributes} = typeof head === 'string' ? {name: head} : head;
    const isNumber = /\bnumber\b/.test(attributes.class || '');
    const canSort = name && all.length > 1;
    const content = canSort ? h('button', {type: 'button', class: 'sort', onclick: sortBy(name, isNumber)}, name) : name;
    return h('th', {scope: 'col', ...attributes}, content);
  };
  line.append(...heads.map(buildHead));
  rove(line, '.sort', () => false);
  show();
  const showAll = () => {
    isCut = false;
    foot.remove();
    show();
    body.children[most].querySelector('button, [tabindex]')?.focus({preventScroll: true});
  };
  const button = () => h('button', {type: 'button', class: 'link show-all', onclick: showAll}, `Show all ${count(all.length)} rows`);
  const foot = h('tfoot', {}, isCut && h('tr', {}, h('td', {colspan: heads.length}, button())));
  const title = typeof caption === 'string' ? h('caption', {class: 'unseen'}, caption) : caption;
  return h('table', {}, title, h('thead', {}, line), body, isCut && foot);
};
