// @ts-check
/* A list of thousands of rows of one height, of which only those in view are in the document. */
import {h} from '../dom.js';

const SPARE = 4; /* rows above and below the view, so that a turn of the wheel meets filled ones */

/** Fills `element`, which scrolls. `build()` makes an empty row, `fill(row, item, place, n)` shows an item in it,
    `clear(row)` makes it that of none, and `onView(items)` hears which are in view. Rows stay with their item
    (`item.key`) for as long as it is near the view. */
export const virtualList = ({element, height, build, fill, clear, onView}) => {
  const pinned = h('div', {class: 'list-pinned', role: 'presentation'});
  const space = h('div', {class: 'list-space', role: 'presentation'});
  element.append(pinned, space);
  let items = [];
  let places = new Map();
  let pin = null;
  let shown = new Map();
  const free = [];
  let frame = null;
  let room = 0;
  let told = '';

  const top = () => (pin ? height + 1 : 0);
  const measure = () => (room = element.clientHeight);
  const range = () => {
    const first = Math.floor(element.scrollTop / height);
    return [first, Math.min(items.length, Math.ceil((element.scrollTop + room - top()) / height))];
  };
  const take = (item, place) => {
    const row = free.pop() || space.appendChild(build());
    row.hidden = false;
    fill(row, item, place, items.length);
    return row;
  };
  const release = (row) => {
    row.hidden = true;
    clear(row);
    free.push(row);
  };
  /** Brings the rows in view into the document; all are filled anew where `again`. */
  const draw = (again) => {
    frame = null;
    const [first, last] = range();
    const low = Math.max(0, first - SPARE);
    const wanted = new Map(items.slice(low, last + SPARE).map((item, i) => [item.key, low + i]));
    shown.forEach((row, key) => wanted.has(key) || release(row));
    const now = new Map();
    wanted.forEach((place, key) => {
      const old = shown.get(key);
      if (old && again) fill(old, items[place], place, items.length);
      const row = old || take(items[place], place);
      row.style.transform = `translateY(${place * height}px)`;
      now.set(key, row);
    });
    shown = now;
    const view = items.slice(first, last);
    const words = view.map((item) => item.key).join();
    if (words !== told) {
      told = words;
      onView(view);
    }
  };
  const schedule = () => (frame = frame || window.requestAnimationFrame(() => draw(false)));
  element.addEventListener('scroll', schedule, {passive: true});
  new ResizeObserver(() => {
    measure();
    schedule();
  }).observe(element);

  return {
    /** Shows these items, and one above them that never scrolls away, or null. */
    show: (wanted, above) => {
      items = wanted;
      pin = above;
      places = new Map(items.map((item, place) => [item.key, place]));
      space.style.height = `${items.length * height}px`;
      pinned.hidden = !above;
      if (above) {
        if (!pinned.firstChild) pinned.append(build());
        fill(pinned.firstChild, above, -1, items.length);
      }
      if (!room) measure();
      draw(true);
    },
    items: () => items,
    placeOf: (key) => (places.has(key) ? places.get(key) : -1),
    rowOf: (key) => (pin && pin.key === key ? pinned.firstChild : shown.get(key) || null),
    toTop: () => (element.scrollTop = 0),
    /** Scrolls as little as it takes to have the item in view. */
    reveal: (place) => {
      const [low, high] = [place * height, (place + 1) * height + top() - room];
      if (element.scrollTop > low) element.scrollTop = low;
      else if (element.scrollTop < high) element.scrollTop = high;
      draw(false);
    },
    perView: () => Math.max(1, Math.floor((room - top()) / height) - 1),
  };
};
