// @ts-check
/* Thousands of rows of one height, of which only those in view are in the document. */
import {h} from '../dom.js';

/** Returns the first of `n` rows that is in view, and the one after the last. `seen` is how far the list is scrolled, `room` how
    much of it is to be seen, in pixels. */
export const rowsInView = (seen, room, height, n) => {
  const inside = (place) => Math.min(n, Math.max(0, place));
  return [inside(Math.floor(seen / height)), inside(Math.ceil((seen + room) / height))];
};

/** Fills `element` with rows; `scroller`, the element itself unless given, is what scrolls. `build()` makes an empty row,
    `fill(row, item, place, n)` shows an item in it, `clear(row)` makes it that of none, and `onView(items)` hears which are in
    view. Rows stay with their item (`item.key`) for as long as it is near the view: `spare` rows above and below, so that a
    turn of the wheel meets filled ones. */
export const virtualList = ({
  element,
  scroller = element,
  height,
  spare = 4,
  build,
  fill,
  clear = (row) => row,
  onView = (items) => items,
}) => {
  const pinned = h('div', {class: 'list-pinned', role: 'presentation', hidden: true});
  const space = h('div', {class: 'list-space', role: 'presentation'});
  element.append(pinned, space);
  let items = [];
  let places = new Map();
  let pin = null;
  let held = null; /* the key of an item that stays in the document wherever the view is */
  const shown = new Map();
  const free = [];
  let frame = null;
  let room = 0;
  let told = '';
  let seen = 0; /* how far it is scrolled: to ask the document would have it laid out at once */

  const start = () => (scroller === element ? 0 : element.offsetTop);
  const top = () => (pin ? height + 1 : 0);
  const measure = () => (room = scroller.clientHeight);
  /** A row for an item, among the others in the order of the items, in which they are read out. */
  const take = (item, place) => {
    const row = free.pop() || build();
    const later = [...shown.keys()].filter((key) => places.get(key) > place);
    const next = later.reduce((least, key) => (places.get(key) < places.get(least) ? key : least), later[0]);
    space.insertBefore(row, later.length ? shown.get(next) : null);
    row.hidden = false;
    fill(row, item, place, items.length);
    return row;
  };
  const release = (row) => {
    row.hidden = true;
    clear(row);
    free.push(row);
  };
  /** Brings rows that were listed in another order into that in which they are read out. */
  const sort = (wanted) => {
    const rows = [...wanted].sort((a, b) => a[1] - b[1]).map(([key]) => shown.get(key));
    rows.slice(1).forEach((row, i) => {
      if (row.compareDocumentPosition(rows[i]) & Node.DOCUMENT_POSITION_FOLLOWING) rows[i].after(row);
    });
  };
  /** Brings the rows in view into the document; all are filled anew where `again`. */
  const draw = (again) => {
    frame = null;
    const [first, last] = rowsInView(seen - start(), room - top(), height, items.length);
    const low = Math.max(0, first - spare);
    const wanted = new Map(items.slice(low, last + spare).map((item, i) => [item.key, low + i]));
    if (places.has(held)) wanted.set(held, places.get(held));
    shown.forEach((row, key) => wanted.has(key) || (shown.delete(key) && release(row)));
    wanted.forEach((place, key) => {
      const old = shown.get(key);
      if (old && again) fill(old, items[place], place, items.length);
      const row = old || take(items[place], place);
      row.style.transform = `translateY(${place * height}px)`;
      shown.set(key, row);
    });
    if (again) sort(wanted);
    const view = items.slice(first, last);
    const words = view.map((item) => item.key).join();
    if (words !== told) {
      told = words;
      onView(view);
    }
  };
  const schedule = () => (frame = frame || window.requestAnimationFrame(() => draw(false)));
  const follow = () => {
    seen = scroller.scrollTop;
    schedule();
  };
  const scrollTo = (place) => {
    scroller.scrollTop = place;
    seen = scroller.scrollTop;
  };
  scroller.addEventListener('scroll', follow, {passive: true});
  new ResizeObserver(() => {
    measure();
    schedule();
  }).observe(scroller);

  return {
    /** Shows these items, and one above them that never scrolls away, or null; each `newHeight` high. */
    show: (wanted, above = null, newHeight = height) => {
      items = wanted;
      pin = above;
      height = newHeight;
      places = new Map(items.map((item, place) => [item.key, place]));
      space.style.height = `${items.length * height}px`;
      pinned.hidden = !above;
      if (above) {
        if (!pinned.firstChild) pinned.append(build());
        fill(pinned.firstChild, above, -1, items.length);
      }
      if (!room) measure();
      if (seen) seen = scroller.scrollTop; /* a shorter list may end above */
      draw(true);
    },
    /** Keeps the row of a key in the document, as the one that has the keyboard's focus must be. */
    hold: (key) => (held = key),
    items: () => items,
    placeOf: (key) => (places.has(key) ? places.get(key) : -1),
    rowOf: (key) => (pin && pin.key === key ? pinned.firstChild : shown.get(key) || null),
    toTop: () => seen && scrollTo(0),
    /** Scrolls as little as it takes to have the item in view, and a `margin` beside it. */
    reveal: (place, margin = 0) => {
      const at = start() + place * height;
      const [low, high] = [at - margin, at + height + top() - room + margin];
      if (seen > low) scrollTo(low);
      else if (seen < high) scrollTo(high);
      draw(false);
    },
    perView: () => Math.max(1, Math.floor((room - top()) / height) - 1),
  };
};
