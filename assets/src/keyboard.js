// @ts-check
/* Shortcuts; the list of them is in the header view. */
import * as current from './current.js';
import {dispatch, redo, undo} from './selection.js';
import {toggleHelp} from './shell.js';
import {toggleClassPanel} from './views/class_panel.js';
import {leave, toggleLasso} from './views/embedding_plot.js';
import {fitGraph} from './views/graph_viewport.js';
import {clearSearch, moveCursor, openCursor, openFirst, steerList} from './views/sidebar_cursor.js';

const isTyping = (target) => target.matches('input:not([type=range]), textarea, select, [contenteditable]');

const stepLayer = (step) => {
  const layers = [...document.querySelectorAll('#layer-strip [data-layer]')].map((b) => b.dataset.layer);
  const place = layers.indexOf(current.selection && current.selection.layer);
  const next = layers[Math.min(layers.length - 1, Math.max(0, place + step))];
  if (next && current.selection && next !== current.selection.layer) dispatch({layer: next});
};
const openCompare = () => {
  dispatch({view: 'compare'});
  if (current.selection && current.selection.vs === null) document.getElementById('versus').focus();
};
const escape = () => {
  const help = document.getElementById('help');
  if (!help.hidden) toggleHelp(false);
  else if (leave()) return;
  else if (current.selection && (current.selection.channel !== null || 'channel' in current.selection.unread)) dispatch({channel: null});
  else if (current.selection && current.selection.panel === 'class') dispatch({panel: 'channel'});
  else if (current.selection && current.selection.only.length) dispatch({only: []});
};
const KEYS = {
  '/': () => document.getElementById('search').focus(),
  j: () => moveCursor(1),
  k: () => moveCursor(-1),
  '[': () => stepLayer(-1),
  ']': () => stepLayer(1),
  c: openCompare,
  l: () => toggleLasso(),
  g: () => dispatch({view: 'graph'}),
  i: () => toggleClassPanel(),
  f: () => fitGraph(),
  u: () => undo(),
  U: () => redo(),
  '?': () => toggleHelp(),
  Escape: escape,
};
const IN_SEARCH = {
  Escape: () => clearSearch(),
  Enter: (event) => openFirst(event.shiftKey),
  ArrowDown: () => moveCursor(1),
  ArrowUp: () => moveCursor(-1),
};

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target;
  if (target.id === 'search') {
    if (!IN_SEARCH[event.key]) return;
    event.preventDefault();
    IN_SEARCH[event.key](event);
    return;
  }
  if (isTyping(target)) return;
  if (steerList(event)) {
    event.preventDefault();
    return;
  }
  if (event.key === 'Enter' && !target.matches('button, a')) openCursor(event.shiftKey);
  if (!KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});
