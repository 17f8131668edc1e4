// @ts-check
/* The links that lead past header and list. The address stays as it is, because a static site keeps its state behind the #. */
import {openLeft} from './left.js';

/** Moves the focus to a part of the page: to what can take it there, else to the part itself. */
const skipTo = (id) => {
  if (id === 'search') return openLeft(id);
  const part = document.getElementById(id);
  if (!part) return;
  const inside = [...part.querySelectorAll('[tabindex="0"], [role=listbox], [role=tree]')];
  const place = part.matches('input, button') ? part : inside.find((each) => each.getClientRects().length) || part;
  if (place === part && !part.matches('input, button')) part.setAttribute('tabindex', '-1');
  place.focus();
};
document.addEventListener('click', (event) => {
  const skip = event.target.closest('[data-skip]');
  if (!skip) return;
  event.preventDefault();
  skipTo(skip.dataset.skip);
});
