// @ts-check
/* The focus while something lies over the page: it goes back to where it came from. */

const places = new Map();

/** Remembers where the focus is, under a name, and moves it to `element`. */
export const takeFocus = (name, element) => {
  places.set(name, document.activeElement);
  element.focus();
};

/** Gives the focus back to where `takeFocus` found it, if that is still there. */
export const returnFocus = (name) => {
  const place = places.get(name);
  places.delete(name);
  if (place && place.isConnected && place !== document.body) place.focus();
};
