// @ts-check
/* A wall of tiles in rows of equal height: only the rows in view are elements; one tile is a stop of the keyboard. */
import {h} from '../dom.js';
import {channels} from '../model/channels.js';

const {wall: measure, rowsInView} = channels;

/** A wall inside a scrolling element. `buildTile(place, column)` makes the tile at a place of the ranking. */
export const buildWall = (scroller, buildTile) => {
  const rows = new Map(); /* row number -> element */
  let n = 0;
  let grid = null; /* geometry; null while there is nothing */
  let active = 0; /* place of the tile that the keyboard is on */

  const tileAt = (place) => element.querySelector(`[data-place="${place}"]`);
  const top = () => scroller.scrollTop - element.offsetTop;
  const buildRow = (row) => {
    const first = row * grid.columns;
    const tiles = Array.from({length: Math.min(grid.columns, n - first)}, (_, column) => buildTile(first + column, column));
    tiles.forEach((tile, column) => (tile.tabIndex = first + column === active ? 0 : -1));
    const style = `transform:translateY(${row * grid.rowHeight}px);grid-template-columns:repeat(${grid.columns},minmax(0,1fr))`;
    return h('div', {class: 'wall-row', role: 'row', 'aria-rowindex': row + 1, style}, tiles);
  };
  const addRow = (row) => {
    if (rows.has(row)) return;
    const built = buildRow(row);
    const after = Math.min(...[...rows.keys()].filter((each) => each > row));
    element.insertBefore(built, rows.get(after) || null);
    rows.set(row, built);
  };
  /** Puts the rows in view into the page and takes the others out; the one with the keyboard's tile stays. */
  const draw = () => {
    if (!grid || !n) return;
    const {first, end} = rowsInView(grid, top(), scroller.clientHeight);
    const held = Math.floor(active / grid.columns);
    rows.forEach((built, row) => {
      if ((row >= first && row < end) || row === held) return;
      built.remove();
      rows.delete(row);
    });
    for (let row = first; row < end; row += 1) addRow(row);
    addRow(held);
  };
  const clear = () => {
    rows.forEach((built) => built.remove());
    rows.clear();
  };
  const scrollTo = (place) => {
    const start = element.offsetTop + Math.floor(place / grid.columns) * grid.rowHeight;
    const {scrollTop, clientHeight} = scroller;
    if (start < scrollTop) scroller.scrollTop = start - 4;
    else if (start + grid.rowHeight > scrollTop + clientHeight) scroller.scrollTop = start + grid.rowHeight - clientHeight + 4;
  };
  const setActive = (place) => {
    const [last, next] = [tileAt(active), tileAt(place)];
    if (last) last.tabIndex = -1;
    if (next) next.tabIndex = 0;
    active = place;
  };
  const focus = (place) => {
    setActive(Math.min(n - 1, Math.max(0, place)));
    scrollTo(active);
    draw();
    if (tileAt(active)) tileAt(active).focus({preventScroll: true});
  };
  /** Room for so many tiles, before they are known. */
  const reserve = (count, size) => {
    grid = count ? measure(count, element.clientWidth, size) : null;
    element.style.height = `${grid ? grid.height : 0}px`;
  };
  /** Lays so many tiles out, with the one at a place kept in view where it is given. */
  const layOut = (count, size, kept = null) => {
    const hadFocus = element.contains(document.activeElement);
    n = count;
    reserve(n, size);
    clear();
    active = Math.min(active, Math.max(0, n - 1));
    if (!grid) return;
    element.style.setProperty('--picture', `${grid.picture}px`);
    element.setAttribute('aria-rowcount', grid.rows);
    element.setAttribute('aria-colcount', grid.columns);
    if (kept !== null) scrollTo(kept);
    draw();
    if (hadFocus) focus(active);
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
  let frame = 0;
  scroller.addEventListener('scroll', () => {
    window.cancelAnimationFrame(frame);
    frame = window.requestAnimationFrame(draw);
  });
  return {
    element,
    layOut,
    reserve,
    clear: () => {
      n = 0;
      active = 0;
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
