// @ts-check
/* What the graph shows, as a table: for screen readers, for copying, for those who want numbers. */
import * as current from '../current.js';
import {action, h} from '../dom.js';
import {count, percent} from '../format.js';
import {greatestOf} from '../model/graph.js';
import {dispatch} from '../selection.js';
import {changed, view} from '../views.js';
import {buildTable} from '../widgets/table.js';
import {hideCard} from './graph_card.js';
import {getFrame} from './graph_frame.js';
import {getContext, getScene, isShown, shownOf} from './graph_scene.js';
import {press} from './graph_tools.js';

const N_SOURCES = 3;
const PARTS = {shared: 'shared', 'only-a': 'only A', 'only-b': 'only B'};
const numeric = (name) => ({name, class: 'number'});
const ONE = ['Layer', 'Channel', ...['Images', 'Share', 'PageRank'].map(numeric), 'Strongest sources'];
const TWO = ['Layer', 'Channel', 'Part', ...['Images A', 'Share A', 'Images B', 'Share B'].map(numeric), 'Strongest sources'];
const sorting = {name: null, order: null};
const isOpen = () => Boolean(current.selection) && current.selection.as === 'table';

const strongest = (each) => {
  const edges = each.into
    .filter((edge) => isShown(edge) && !edge.edge.way)
    .sort((a, b) => b.edge.width - a.edge.width)
    .slice(0, N_SOURCES);
  const most = (edge) => greatestOf(edge.counts.map((n) => n || 0));
  return edges.map(({edge, source}) => `${source.node.id} (${count(most(edge))})`).join(', ');
};
const number = (text) => h('td', {class: 'number'}, text);
const share = (n, all) => (n === null || !all ? '–' : percent(n / all));
const score = (value) => (value === null || value === undefined ? '–' : Number(value).toPrecision(3));
const channelCell = (node) =>
  h(
    'th',
    {scope: 'row'},
    action({layer: node.layer, channel: node.channel}, {class: 'link'}, String(node.channel)),
    node.added ? h('span', {class: 'outside'}, 'not in graph') : null,
  );

const rowOf = (each) => {
  const {classes, comparison} = getContext();
  const {node} = each;
  const numbers = node.counts.flatMap((n, place) => [number(n === null ? '–' : count(n)), number(share(n, classes[place].n))]);
  const own = comparison ? [h('td', {}, PARTS[node.part]), ...numbers] : [...numbers, number(score(node.scores[0]))];
  const layer = h('td', {'data-value': current.run.layers.findIndex((info) => info.layer === node.layer)}, node.layer);
  return {'data-row': node.id, cells: [layer, channelCell(node), ...own, strongest(each)]};
};
/** From the output to the input, each channel once, as they stand in the graph. */
const rows = () => {
  const {nodes, drawing} = getScene();
  const place = new Map(drawing.layers.map((layer, at) => [layer, at]));
  const once = new Map(
    shownOf(nodes)
      .reverse()
      .map((each) => [each.node.id, each]),
  );
  return [...once.values()].sort((a, b) => place.get(b.node.layer) - place.get(a.node.layer) || a.node.x - b.node.x || a.node.y - b.node.y);
};
/** Fills the table where it is open. */
export const showTable = () => {
  const {table, stage, channels} = getFrame();
  table.hidden = !isOpen();
  stage.classList.toggle('as-table', isOpen());
  press('table', isOpen());
  if (!isOpen() || !getScene()) return table.replaceChildren();
  const caption = h('caption', {}, channels.getAttribute('aria-label'));
  table.replaceChildren(buildTable({caption, heads: getContext().comparison ? TWO : ONE, rows: rows().map(rowOf), sorting}));
};
export const toggleTable = () => dispatch({as: isOpen() ? 'graph' : 'table'});
view('table', (selection, before) => {
  if (!before || !changed(selection, before, 'as')) return;
  hideCard();
  showTable();
});
