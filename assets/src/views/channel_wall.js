// @ts-check
/* A wall of tiles in rows of equal height, of which only those in view are elements; one tile is a stop of the keyboard. */
import {h} from '../dom.js';
import {channels} from '../model/channels.js';
import {virtualList} from '../widgets/virtual_list.js';

/** A wall inside a scrolling element. `buildTile(place, column)` makes the tile at a place of the ranking. */
export const buildWall = (scroller, buildTile) => {
  let n = 0;
  let grid = null; /* geometry; null while there is nothing */
  let active = 0; /* place of the tile that the keyboard is on */

  const tileAt = (place) => element.querySelector(`[data-place="${place}"]`);
  const top = () => scroller.scrollTop - element.offsetTop;
  const rowOf = (place) => Math.floor(place / grid.columns);
  const fill = (element, {key: row}) => {
    const first = row * grid.columns;
    const tiles = Array.from({length: Math.min(grid.columns, n - first)}, (_, column) => buildTile(first + column, column));
    tiles.forEach((tile, column) => (tile.tabIndex = first + column === active ? 0 : -1));
    element.setAttribute('aria-rowindex', row + 1);
    element.style.gridTemplateColumns = `repeat(${grid.columns},minmax(0,1fr))`;
    element.replaceChildren(...tiles);
  };
  const setActive = (place) => {
    const [last, next] = [tileAt(active), tileAt(place)];
    if (last) last.tabIndex = -1;
    if (next) next.tabIndex = 0;
    active = place;
    if (grid) rows.hold(rowOf(active));
  };
  const focus = (place) => {
    setActive(Math.min(n - 1, Math.max(0, place)));
    rows.reveal(rowOf(active), 4);
    if (tileAt(active)) tileAt(active).focus({preventScroll: true});
  };
  /** Room for so many tiles, before they are known. */
  const reserve = (count, size) => {
    grid = count ? channels.wall(count, element.clientWidth, size) : null;
    element.style.height = `${grid ? grid.height : 0}px`;
  };
  const clear = () => rows.show([]);
  /** Lays so many tiles out, with the one at a place kept in view where it is given. */
  const layOut = (count, size, kept = null) => {
    const hadFocus = element.contains(document.activeElement);
    n = count;
    reserve(n, size);
    if (!grid) return clear();
    element.style.setProperty('--picture', `${grid.picture}px`);
    element.setAttribute('aria-rowcount', grid.rows);
    element.setAttribute('aria-colcount', grid.columns);
    setActive(Math.min(active, n - 1));
    const listed = Array.from({length: grid.rows}, (_, key) => ({key}));
    rows.show(listed, null, grid.rowHeight);
    if (kept !== null) rows.reveal(rowOf(kept), 4);
    if (hadFocus) focus(active);
    return null;
  };

  const steps = () => {
    const screen = Math.max(1, Math.floor(scroller.clientHeight / grid.rowHeight)) * grid.columns;
    const start = active - (active % grid.columns);
    return {
      ArrowLeft: active - 1,
      ArrowRight: active + 1,
      ArrowUp: active < grid.columns ? active : active - grid.columns,
      ArrowDown: active + grid.columns,
      PageUp: active - screen,
      PageDown: active + screen,
      Home: start,
      End: start + grid.columns - 1,
    };
  };
  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !grid) return;
    const to = steps()[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    focus(to);
  };
  const onFocus = (event) => {
    const tile = event.target.closest('.tile');
    if (tile && Number(tile.dataset.place) !== active) setActive(Number(tile.dataset.place));
  };
  const element = h('div', {class: 'wall', role: 'grid', onkeydown: onKey, onfocusin: onFocus});
  const buildRow = () => h('div', {class: 'wall-row', role: 'row'});
  const rows = virtualList({element, scroller, height: 1, spare: 2, build: buildRow, fill, clear: (row) => row.replaceChildren()});
  return {
    element,
    layOut,
    reserve,
    clear: () => {
      [n, active] = [0, 0];
      clear();
    },
    focus: () => n && focus(active),
    setActive,
    /** The place of the first tile in view; null where the wall has not been scrolled. */
    firstInView: () => (grid && n && top() > 0 ? Math.min(n - 1, Math.floor(top() / grid.rowHeight) * grid.columns) : null),
    /** The side of a picture in pixels. */
    picture: () => grid.picture,
  };
};
