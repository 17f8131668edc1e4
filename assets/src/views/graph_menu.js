// @ts-check
/* The menu of files: what is shown, as the command `export --graph` draws and writes it. */
import * as current from '../current.js';
import {boot, fileOf, readStatic} from '../data.js';
import {h, icon} from '../dom.js';
import {getContext} from './graph_scene.js';

const FORMATS = [
  ['svg', 'SVG', '.svg'],
  ['png', 'PNG', '.png'],
  ['json', 'JSON', '.json'],
  ['nodes', 'CSV of the channels', '-nodes.csv'],
  ['edges', 'CSV of the influences', '-edges.csv'],
  ['graphml', 'GraphML', '.graphml'],
];
const IN_SITE = 'A static site holds the whole graph of a class in light colours.';
const NOT_IN_SITE = 'A static site holds no files of comparisons: make them with summit-dash export --graph.';
const TWO_RUNS = 'Two classes of different runs have no common file.';

/** The address of a file of what is shown. */
const addressOf = (ending) => {
  const {class_id: id, vs, view, covers} = current.selection;
  if (readStatic) return fileOf(`graph/${id}${ending}`);
  const asked = {theme: document.documentElement.dataset.theme, ...(view === 'compare' ? {vs} : {covers})};
  return `${boot.prefix}run/${encodeURIComponent(current.run.name)}/graph/${id}${ending}?${new URLSearchParams(asked)}`;
};
/** The button "…" and its menu. */
export const buildMenu = () => {
  const items = FORMATS.map(([name, label]) => h('a', {role: 'menuitem', tabindex: -1, 'data-format': name, download: ''}, label));
  const note = h('p', {class: 'menu-note', hidden: true});
  const menu = h('div', {class: 'menu', role: 'menu', 'aria-label': 'Save the graph', hidden: true}, items, note);
  const opener = h(
    'button',
    {
      type: 'button',
      class: 'icon-button small',
      'aria-label': 'Save as a file',
      'aria-haspopup': 'menu',
      'aria-expanded': 'false',
      'data-tip': 'Save as a file',
    },
    icon('more'),
  );
  const toggle = (open) => {
    menu.hidden = !open;
    opener.setAttribute('aria-expanded', String(open));
    if (!open) return;
    const {class_id: id, view} = current.selection;
    const missing =
      readStatic && view === 'compare'
        ? NOT_IN_SITE
        : current.selection.view === 'compare' && current.selection.vs_run
          ? TWO_RUNS
          : !getContext()
            ? 'There is no graph to save.'
            : '';
    note.textContent = missing || (readStatic ? IN_SITE : '');
    note.hidden = !note.textContent;
    items.forEach((item, place) => {
      const [name, , ending] = FORMATS[place];
      item.hidden = Boolean(missing) || (readStatic && name === 'png'); /* pictures of pixels would double a site */
      item.href = missing ? '' : addressOf(ending);
      if (readStatic && !missing)
        item.download = `${current.run.classById
          .get(id)
          .name.toLowerCase()
          .replace(/[^\p{L}\p{N}]+/gu, '-')}-graph${ending}`;
    });
    if (!missing) items[0].focus();
  };
  const step = (by) => items[(items.indexOf(document.activeElement) + by + items.length) % items.length].focus();
  const KEYS = {ArrowDown: () => step(1), ArrowUp: () => step(-1), Escape: () => (toggle(false), opener.focus())};
  opener.addEventListener('click', () => toggle(menu.hidden));
  menu.addEventListener('click', () => toggle(false));
  menu.addEventListener('keydown', (event) => {
    if (!KEYS[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    KEYS[event.key]();
  });
  document.addEventListener('pointerdown', (event) => menu.hidden || element.contains(event.target) || toggle(false));
  const element = h('span', {class: 'menu-owner'}, opener, menu);
  return element;
};
