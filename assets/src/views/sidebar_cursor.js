// @ts-check
/* The cursor of the list: moved by keys, told to screen readers, kept where rows come and go. */
import * as current from '../current.js';
import {dispatch} from '../selection.js';
import {hover} from './embedding.js';
import {bestMatch, prefetch, search} from './sidebar.js';
import {groups} from './sidebar_groups.js';
import * as list from './sidebar_state.js';

/** The key of the row that the keys move on: "c3", "g0"; null where it is on none. */
export let cursor = null;
/** The key of the row of a class that is pointed at elsewhere. */
export let linked = null;

const searchBox = () => document.getElementById('search');

const itemAt = (key) => (key === null ? null : list.rows.items()[list.rows.placeOf(key)] || null);
const mark = (key, name, on) => {
  const row = key === null ? null : list.rows.rowOf(key);
  if (row) row.classList.toggle(name, on);
};
/** Moves the cursor to the row of a key ("c3", "g0"), or takes it away. The list gets the focus, unless it is in the search. */
export const setCursor = (key) => {
  mark(cursor, 'cursor', false);
  cursor = key;
  const item = itemAt(key);
  [list.box, searchBox()].forEach((owner) => {
    if (item) owner.setAttribute('aria-activedescendant', `row-${key}`);
    else owner.removeAttribute('aria-activedescendant');
  });
  hover(item && item.each ? item.each.id : null);
  prefetch(item && item.each ? item.each.id : null);
  if (!item) return;
  list.rows.reveal(list.rows.placeOf(key));
  mark(key, 'cursor', true);
  if (document.activeElement !== searchBox()) list.box.focus({preventScroll: true});
};
/** After rows went: a cursor that went with them goes to the header of its group. */
export const keepCursor = () => {
  if (cursor === null || itemAt(cursor)) return;
  const each = cursor[0] === 'c' && current.run.classById.get(Number(cursor.slice(1)));
  const head = each && each.group !== null ? `g${each.group}` : null;
  setCursor(itemAt(head) ? head : null);
};

// --- what keyboard.js calls ---------------------------------------------------------------------------------------
export const moveCursor = (step) => {
  if (!list.state) return;
  const items = list.rows.items();
  if (!items.length) return;
  const place = cursor === null ? -1 : list.rows.placeOf(cursor);
  const start = step > 0 ? 0 : items.length - 1;
  const next = place < 0 ? start : Math.min(items.length - 1, Math.max(0, place + step));
  setCursor(items[next].key);
};
/** Opens the class under the cursor, or compares with it; folds and unfolds a group. */
export const openCursor = (compare = false) => {
  const item = list.state && itemAt(cursor);
  if (!item) return;
  if (item.head) groups.toggle(item.key);
  else dispatch(compare && item.each.id !== current.selection.class_id ? {vs: item.each.id, vs_run: null} : {class_id: item.each.id});
};
/** Opens what the search found: the class under the cursor, else the best match. */
export const openFirst = (compare) => {
  if (!list.state || !list.state.found) return;
  const item = itemAt(cursor);
  if (!item || item.head) setCursor(bestMatch());
  openCursor(compare);
};
export const clearSearch = () => {
  if (searchBox().value) search('');
  else searchBox().blur();
};

/** Folds and unfolds as in a tree; says whether the key meant something to the list. */
const steer = (key) => {
  const item = itemAt(cursor);
  if (!item || !groups.shown()) return false;
  const isHead = Boolean(item.head);
  const isOpen = isHead && groups.isOpen(item.key);
  if (key === ' ' && isHead) groups.toggle(item.key);
  else if (key === 'ArrowRight' && isHead && !isOpen) groups.toggle(item.key, true);
  else if (key === 'ArrowRight' && isHead) moveCursor(1);
  else if (key === 'ArrowLeft' && isOpen) groups.toggle(item.key, false);
  else if (key === 'ArrowLeft' && !isHead) setCursor(`g${item.each.group}`);
  else return key.startsWith('Arrow');
  return true;
};
const steps = () => ({
  ArrowUp: -1,
  ArrowDown: 1,
  PageUp: -list.rows.perView(),
  PageDown: list.rows.perView(),
  Home: -list.rows.items().length,
  End: list.rows.items().length,
});
export const steerList = ({target, key}) => {
  if (!list.state) return false;
  const inList = Boolean(target.closest('#class-list'));
  if (!inList && target !== document.body) return false;
  const step = steps()[key];
  if (step && (inList || (cursor !== null && key.startsWith('Arrow')))) {
    moveCursor(step);
    return true;
  }
  return [' ', 'ArrowLeft', 'ArrowRight'].includes(key) && steer(key);
};

/** Marks the row of a class that is pointed at elsewhere, or the header of its folded group; null takes the mark away. */
export const markRow = (classId) => {
  if (!list.state) return;
  mark(linked, 'linked', false);
  const each = classId === null ? null : current.run.classById.get(classId);
  const isListed = each && (list.rows.placeOf(`c${classId}`) >= 0 || !groups.shown());
  linked = !each ? null : isListed ? `c${classId}` : `g${each.group}`;
  mark(linked, 'linked', true);
};
