// @ts-check
/* One Tab stop for a group of buttons: the arrow keys move within it, Home and End to its ends. */

const STEPS = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1};

/** Returns the index that a key leads to in a group of `n`, from `now`; null where the key means nothing here. */
export const nextIndex = (key, now, n) => {
  if (key === 'Home') return 0;
  if (key === 'End') return n - 1;
  return key in STEPS ? (now + STEPS[key] + n) % n : null;
};

const setStop = (items, stop) => items.forEach((each) => each.setAttribute('tabindex', each === stop ? '0' : '-1'));

/** Makes the elements `selector` of `group` one Tab stop: the one that `isCurrent`, else the first. Called again, it reads
    them again. */
export const rove = (group, selector, isCurrent = (each) => each.getAttribute('aria-pressed') === 'true') => {
  const all = () => [...group.querySelectorAll(selector)];
  const list = () => all().filter((each) => !each.disabled);
  setStop(all(), list().find(isCurrent) || list()[0]);
  if (group.dataset.roving) return;
  group.dataset.roving = selector;
  group.addEventListener('keydown', (event) => {
    const items = list();
    const now = items.indexOf(event.target.closest(selector));
    const next = now < 0 ? null : nextIndex(event.key, now, items.length);
    if (next === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    setStop(all(), items[next]);
    items[next].focus();
  });
};
