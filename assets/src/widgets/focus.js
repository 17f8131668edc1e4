// @ts-check
/* The focus: it goes back to where it came from, also where that was drawn again since. */

const MARKS = ['id', 'data-node', 'data-tile', 'data-class', 'data-layer', 'aria-label'];
const places = new Map();

/** Returns a function that finds an element again after it was drawn again; null where nothing is like it. */
export const buildFinder = (element) => {
  const mark = element && element.getAttribute && MARKS.find((name) => element.getAttribute(name));
  const selector = mark && `[${mark}="${CSS.escape(element.getAttribute(mark))}"]`;
  const near = mark && mark !== 'id' && element.closest('[id]');
  return () => {
    if (!element || element.isConnected) return element;
    const owner = near && document.getElementById(near.id);
    return selector ? (owner || document).querySelector(selector) : null;
  };
};

/** Whether a dialog that keeps the focus lies over an element: what arrives late must not take it away from there. */
const isBehindDialog = (element) => {
  const dialogs = [...document.querySelectorAll('[aria-modal="true"]')].filter((each) => each.getClientRects().length);
  return dialogs.some((each) => !each.contains(element));
};
/** Remembers where the focus is, under a name, and moves it to `element`, if there is one. */
export const takeFocus = (name, element) => {
  if (element && isBehindDialog(element)) return;
  places.set(name, buildFinder(document.activeElement));
  if (element) element.focus({preventScroll: true});
};

/** Gives the focus back to where `takeFocus` found it; returns whether that is still there. */
export const returnFocus = (name) => {
  const find = places.get(name);
  const place = find && find();
  places.delete(name);
  if (!place || place === document.body) return false;
  place.focus({preventScroll: true});
  return document.activeElement === place;
};

/** Returns a function that gives the focus back to what has it now, if it was lost since because that was drawn again. */
export const guardFocus = () => {
  const held = document.activeElement;
  const find = buildFinder(held);
  return () => {
    if (!held || held.isConnected || document.activeElement !== document.body) return;
    const again = find();
    if (again) again.focus({preventScroll: true});
  };
};

/** Moves the focus to a part of the page itself, which is there however often what is inside it is drawn. */
export const focusPart = (id) => {
  const part = document.getElementById(id);
  if (!part) return;
  part.setAttribute('tabindex', '-1');
  part.focus({preventScroll: true});
};
