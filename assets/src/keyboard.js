// @ts-check
/* Shortcuts; the list of them is in the header view. */
import * as current from './current.js';
import {closeLeft, openLeft} from './left.js';
import {dispatch, redo, undo} from './selection.js';
import {toggleHelp} from './shell.js';
import {toggleClassPanel} from './views/class_panel.js';
import {leave, toggleLasso} from './views/embedding_plot.js';
import {openFind} from './views/graph_find.js';
import {fitGraph} from './views/graph_viewport.js';
import {clearSearch, moveCursor, openCursor, openFirst, steerList} from './views/sidebar_cursor.js';
import {focusPart, returnFocus, takeFocus} from './widgets/focus.js';

const isTyping = (target) => target.matches('input:not([type=range]), textarea, select, [contenteditable]');

const stepLayer = (step) => {
  const layers = [...document.querySelectorAll('#layer-strip [data-layer]')].map((b) => b.dataset.layer);
  const place = layers.indexOf(current.selection && current.selection.layer);
  const next = layers[Math.min(layers.length - 1, Math.max(0, place + step))];
  if (next && current.selection && next !== current.selection.layer) dispatch({layer: next});
};
const openCompare = () => {
  dispatch({view: 'compare'});
  if (current.selection && current.selection.vs === null) takeFocus('compare', document.getElementById('versus'));
};
/** After a choice of the second class, or Esc, the focus goes back to where it came from, else to the graph. */
const leaveVersus = (event) => {
  if (event.target.id !== 'versus' || (event.key !== 'Enter' && event.key !== 'Escape')) return;
  window.setTimeout(() => {
    if (document.activeElement === document.body && !returnFocus('compare')) focusPart('graph');
  });
};
document.addEventListener('keydown', leaveVersus, true); /* before the field hears of it and keeps it to itself */
const escape = () => {
  const help = document.getElementById('help');
  if (!help.hidden) toggleHelp(false);
  else if (leave() || closeLeft()) return;
  else if (current.selection && (current.selection.channel !== null || 'channel' in current.selection.unread)) dispatch({channel: null});
  else if (current.selection && current.selection.panel === 'class') dispatch({panel: 'channel'});
  else if (current.selection && current.selection.only.length) dispatch({only: []});
};
const KEYS = {
  '/': () => openLeft('search'),
  j: () => moveCursor(1),
  k: () => moveCursor(-1),
  '[': () => stepLayer(-1),
  ']': () => stepLayer(1),
  c: openCompare,
  l: () => toggleLasso(),
  g: () => dispatch({view: 'graph'}),
  i: () => toggleClassPanel(),
  f: () => openFind(),
  0: () => fitGraph(),
  u: () => undo(),
  U: () => redo(),
  '?': () => toggleHelp(),
  Escape: escape,
};
/** Those that also work where no run is shown. */
const ANYWHERE = new Set(['u', 'U', '?', 'Escape']);
const IN_SEARCH = {
  Escape: () => clearSearch(),
  Enter: (event) => openFirst(event.shiftKey),
  ArrowDown: () => moveCursor(1),
  ArrowUp: () => moveCursor(-1),
};

/** Ctrl+Z undoes, Ctrl+Shift+Z and Ctrl+Y do again; in a field they are the field's own. */
const steerHistory = (event) => {
  const key = event.key.toLowerCase();
  if (!(event.ctrlKey || event.metaKey) || event.altKey || (key !== 'z' && key !== 'y') || isTyping(event.target)) return false;
  event.preventDefault();
  if (key === 'y' || event.shiftKey) redo();
  else undo();
  return true;
};

document.addEventListener('keydown', (event) => {
  const target = event.target;
  if (steerHistory(event)) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (target.id === 'search') {
    if (!IN_SEARCH[event.key]) return;
    event.preventDefault();
    IN_SEARCH[event.key](event);
    return;
  }
  if (isTyping(target)) return;
  if (!current.showsRun() && !ANYWHERE.has(event.key)) return;
  if (steerList(event)) {
    event.preventDefault();
    return;
  }
  if (event.key === 'Enter' && !target.matches('button, a')) openCursor(event.shiftKey);
  if (!KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});
