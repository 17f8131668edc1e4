// @ts-check
/* The menu of files: what is shown, as the command `export --graph` draws and writes it. */
import * as current from '../current.js';
import {boot, fileOf, readStatic} from '../data.js';
import {h} from '../dom.js';
import {buildMenu} from '../widgets/menu.js';
import {getContext} from './graph_scene.js';
import {shownLooks} from './graph_looks.js';

const FORMATS = [
  ['svg', 'SVG', '.svg'],
  ['png', 'PNG', '.png'],
  ['json', 'JSON', '.json'],
  ['nodes', 'CSV of the channels', '-nodes.csv'],
  ['edges', 'CSV of the influences', '-edges.csv'],
  ['graphml', 'GraphML', '.graphml'],
];
const IN_SITE = 'A static site holds the whole graph of a class by PageRank in light colours, with sizes by count.';
const NOT_IN_SITE = 'A static site holds no files of comparisons: make them with summit-dash export --graph.';
const NOT_BOTH = 'There is no file of both graphs: choose PageRank or effect beside the name of the class.';
const TWO_RUNS = 'Two classes of different runs have no common file.';

/** The address of a file of what is shown. */
const addressOf = (ending) => {
  const {class_id: id, vs, view, covers, chosen: selection} = current.selection;
  if (readStatic) return fileOf(`graph/${id}${ending}`);
  const {size, ring} = shownLooks();
  const own = view === 'compare' ? {vs} : {covers, selection, size_by: size, color_by: ring};
  const asked = {theme: document.documentElement.dataset.theme, ...own};
  return `${boot.prefix}run/${encodeURIComponent(current.run.name)}/graph/${id}${ending}?${new URLSearchParams(asked)}`;
};
/** Why nothing of what is shown can be saved; empty where it can. */
const findReason = ({view, vs_run: otherRun}) => {
  if (readStatic && view === 'compare') return NOT_IN_SITE;
  if (view === 'compare' && otherRun) return TWO_RUNS;
  if (!readStatic && getContext() && getContext().isOverlay) return NOT_BOTH;
  return getContext() ? '' : 'There is no graph to save.';
};
const nameOf = ({name}, ending) => `${name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-')}-graph${ending}`;
/** The button "…" and its menu. */
export const buildFileMenu = () => {
  const items = FORMATS.map(([name, label]) => h('a', {role: 'menuitem', tabindex: -1, 'data-format': name, download: ''}, label));
  const note = h('p', {class: 'menu-note', hidden: true});
  const onOpen = () => {
    const missing = findReason(current.selection);
    note.textContent = missing || (readStatic ? IN_SITE : '');
    note.hidden = !note.textContent;
    items.forEach((item, place) => {
      const [name, , ending] = FORMATS[place];
      item.hidden = Boolean(missing) || (readStatic && name === 'png'); /* pictures of pixels would double a site */
      item.href = missing ? '' : addressOf(ending);
      if (readStatic && !missing) item.download = nameOf(current.run.classById.get(current.selection.class_id), ending);
    });
  };
  return buildMenu({name: 'Save as a file', menuName: 'Save the graph', look: 'more', items: [...items, note], onOpen});
};
