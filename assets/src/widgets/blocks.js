// @ts-check
/* Elements of what a payload describes: summit_dash/payloads/blocks.py says what a block is. */
import * as current from '../current.js';
import {address, fileOf} from '../data.js';
import {emptyState, h, term} from '../dom.js';
import {queryOf, selections} from '../selection.js';
import {showChart} from './chart.js';
import {showFew} from './show_all.js';
import {buildTable} from './table.js';

const LINK = /\[([^\]]+)\]\((\?[^)]*)\)/g;
/** The fields that a link names. */
const fieldsOf = (query) => {
  const {fromQuery, FIELDS} = selections;
  const given = new URLSearchParams(query);
  const selection = fromQuery(query);
  return Object.fromEntries(
    Object.keys(FIELDS)
      .filter((name) => given.has(FIELDS[name].key || name))
      .map((name) => [name, selection[name]]),
  );
};
/** Text with links to views: an address to copy or to open beside, and a step within the page when clicked. */
const line = (text) => {
  const {apply} = selections;
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const fields = fieldsOf(match[2]);
    parts.push(text.slice(end, match.index));
    parts.push(
      h('a', {class: 'link', href: address.of(queryOf(apply(current.selection, fields))), 'data-action': JSON.stringify(fields)}, match[1]),
    );
    end = match.index + match[0].length;
  }
  return [...parts, text.slice(end)];
};

const kept = new Map(); /* what a person chose in tables and choices, by their names */
const keep = (name, first) => kept.get(name) || kept.set(name, {...first}).get(name);
/** A cell of text has the class of the head of its column. */
const toCell = ({class: name}, cell) => (typeof cell === 'string' && name ? h('td', {class: name}, cell) : build(cell));
const table = ({caption = null, heads, rows, sorting = {name: null, order: null}, most}) => {
  const cells = (row) => row.map((cell, place) => (place ? toCell(heads[place], cell) : build(cell)));
  const built = rows.map((row) => (Array.isArray(row) ? cells(row) : {...row, cells: cells(row.cells)}));
  const name = caption ?? heads.map((head) => head.name ?? head).join();
  return h('div', {class: 'block-table'}, buildTable({caption, heads, rows: built, most, sorting: keep(`table ${name}`, sorting)}));
};
const choice = ({label, options}) => {
  const names = options.map(([name]) => name);
  const chosen = keep(`choice ${label}`, {name: names[0]});
  if (!names.includes(chosen.name)) [chosen.name] = names;
  const place = h('div', {});
  const buttons = options.map(([name, text]) =>
    h('button', {type: 'button', class: 'choice', 'data-name': name, onclick: () => show(name)}, text),
  );
  const show = (name) => {
    chosen.name = name;
    buttons.forEach((each) => each.setAttribute('aria-pressed', String(each.dataset.name === name)));
    fill(place, options[names.indexOf(name)][2]);
  };
  show(chosen.name);
  return [h('div', {class: 'choices', role: 'group', 'aria-label': label}, buttons), place];
};
/** What is folded away is built when somebody opens it. */
const folded = ({title, blocks}) => {
  const element = h('details', {}, h('summary', {}, title));
  element.addEventListener('toggle', () => element.append(...blocks.map(build)), {once: true});
  return element;
};
const KINDS = {
  p: (parts) => h('p', null, line(parts)),
  ol: (items) => h('ol', null, items.map((parts) => h('li', null, line(parts)))),
  facts: (rows) => h('dl', null, rows.map(([name, value]) => [h('dt', null, name), h('dd', null, value)])),
  terms: (rows) => h('dl', {class: 'glossary'}, rows.map(([name, text, meaning]) => [h('dt', {'data-term': name, tabindex: -1}, text), h('dd', null, meaning)])),
  figure: ({name, themes, class: look = 'about-figure'}) => showChart(h('div', {class: look, role: 'img', 'aria-label': name}), (theme) => themes[theme]),
  term: ({text, tip, entry, className = ''}) => term(text, tip, {entry, className}),
  missing: emptyState,
  file: ({path, ...attributes}) => h('img', {src: fileOf(path), ...attributes}),
  few: ({box, blocks, n, words}) => showFew(build(box), blocks.map(build), n, words),
  table,
  choice,
  folded,
}; // prettier-ignore

/** Adds kinds of blocks that a view knows. */
export const addKinds = (kinds) => Object.assign(KINDS, kinds);
/** Builds what a block describes. */
export const build = (block) => {
  if (block === null || typeof block !== 'object') return block;
  if (Array.isArray(block)) return h(block[0], block[1], block.slice(2).map(build));
  const [[kind, content]] = Object.entries(block);
  return KINDS[kind](content);
};
/** Shows blocks in a place. */
export const fill = (place, blocks) => place.replaceChildren(...h('div', {}, blocks.map(build)).childNodes);
