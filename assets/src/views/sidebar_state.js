// @ts-check
/* The list of classes as its modules read it; only sidebar.js changes it. */

/** What the list follows, frozen; null until it is built. */
export let state = null;
/** The element that scrolls. */
export let box = null;
/** The rows (widgets/virtual_list.js). */
export let rows = null;

export const setState = (changes) => {
  state = Object.freeze({...state, ...changes});
};
export const setElements = (newBox, newRows) => {
  [box, rows] = [newBox, newRows];
};
