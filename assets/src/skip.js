// @ts-check
/* The links that lead past header and list. The address stays as it is, because a static site keeps its state behind the #. */
import {openLeft} from './left.js';
import {focusPart} from './widgets/focus.js';

/** Moves the focus to a part of the page: to what can take it there, else to the part itself. */
const skipTo = (id) => {
  if (id === 'search') return openLeft(id);
  const inside = [...document.querySelectorAll(`#${id} :is([tabindex="0"]:not(.term), [role=listbox], [role=tree])`)];
  const place = inside.find((each) => each.getClientRects().length);
  return place ? place.focus() : focusPart(id);
};
document.addEventListener('click', (event) => {
  const skip = event.target.closest('[data-skip]');
  if (!skip) return;
  event.preventDefault();
  skipTo(skip.dataset.skip);
});
