// @ts-check
/* A list that shows its first elements, and a button that brings the others. */
import {h} from '../dom.js';

/** Builds the list in `box`: the first `n` of the elements, and a button of these words for the others. The focus goes from the
    button to the first element that it brings.

    Returns the box, and the button where there are others. */
export const showFew = (box, elements, n, words) => {
  box.append(...elements.slice(0, n));
  if (elements.length <= n) return [box];
  const showAll = () => {
    const next = elements[n];
    box.append(...elements.slice(n));
    button.remove();
    (next.matches('button') ? next : next.querySelector('button') || next).focus({preventScroll: true});
  };
  const button = h('button', {type: 'button', class: 'link show-all', onclick: showAll}, words);
  return [box, button];
};
