// @ts-check
/* What the views show and how it was computed: the blocks of the payload `about`, laid out. */
import * as current from '../current.js';
import {address, load} from '../data.js';
import {emptyState, h} from '../dom.js';
import {queryOf, selections} from '../selection.js';
import {view} from '../views.js';
import {showChart} from '../widgets/chart.js';
import {buildTable} from '../widgets/table.js';

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
const list = (items) => items.map((parts) => h('li', null, line(parts)));
const facts = (rows) => rows.map(([name, value]) => [h('dt', null, name), h('dd', null, value)]);
const entry = ([name, text, meaning]) => [h('dt', {'data-term': name, tabindex: -1}, text), h('dd', null, meaning)];
const BLOCKS = {
  p: (parts) => h('p', null, line(parts)),
  ol: (items) => h('ol', null, list(items)),
  table: (table) => h('div', {class: 'about-table'}, buildTable(table)),
  facts: (rows) => h('dl', null, facts(rows)),
  figure: ({name, themes}) => showChart(h('div', {class: 'about-figure', role: 'img', 'aria-label': name}), (theme) => themes[theme]),
  terms: (rows) => h('dl', {class: 'glossary'}, rows.map(entry)),
};
const block = (each) => Object.entries(each).map(([kind, content]) => BLOCKS[kind](content));
const section = ({id, title, blocks}) => {
  const content = blocks.map(block);
  const names = {id: `about-${id}`, class: 'about-section', 'aria-labelledby': `about-${id}-title`};
  return h('section', names, h('h2', {id: `about-${id}-title`}, title), content);
};

/** Brings the entry of the glossary that a link names into view. */
const showTerm = ({term}) => {
  const found = /** @type {HTMLElement | null} */ (term && document.querySelector(`#about [data-term="${CSS.escape(term)}"]`));
  if (!found) return;
  found.scrollIntoView({block: 'center'});
  found.focus({preventScroll: true});
};
view('about', async (selection, before) => {
  const pane = document.getElementById('about');
  if (!before) pane.replaceChildren();
  if (selection.view !== 'about') return null;
  if (pane.childElementCount) return showTerm(selection);
  const run = current.run;
  const about = await load('about');
  if (current.run !== run || pane.childElementCount) return null;
  if (about.problem) return pane.append(emptyState(about.problem));
  const article = h('article', {class: 'about'}, h('h1', null, current.run.name), about.sections.map(section));
  pane.append(h('div', {class: 'about-scroll', tabindex: 0, role: 'region', 'aria-label': 'About this run'}, article));
  return showTerm(selection);
});
