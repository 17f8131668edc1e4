// @ts-check
/* A table of data: its heads, and its rows, of which the first cell is the head. */
import {h} from '../dom.js';

/** Builds a head or a cell; `content` is what stands in it, or a cell that is built already. */
const buildCell = (tag, content, attributes) => (content instanceof HTMLTableCellElement ? content : h(tag, attributes, content));

/** Builds the table. `heads` are texts, or {name, ...attributes}; `rows` are lists of cells, or {cells, ...attributes}. */
export const buildTable = ({caption = null, heads, rows}) => {
  const top = heads.map((head) => {
    const {name, ...attributes} = typeof head === 'string' ? {name: head} : head;
    return h('th', {scope: 'col', ...attributes}, name);
  });
  const body = rows.map((row) => {
    const {cells, ...attributes} = Array.isArray(row) ? {cells: row} : row;
    const [first, ...rest] = cells;
    return h('tr', attributes, buildCell('th', first, {scope: 'row'}), ...rest.map((cell) => buildCell('td', cell, {})));
  });
  return h('table', {}, caption && h('caption', {class: 'unseen'}, caption), h('thead', {}, h('tr', {}, top)), h('tbody', {}, body));
};
