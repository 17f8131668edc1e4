// @ts-check
/* The left column where the window is narrow: folded into a bar of icons, and opened over the page. */
import {addDoing} from './shell.js';
import {changed, view} from './views.js';
import {returnFocus, takeFocus} from './widgets/focus.js';

const NARROW = '(width < 1024px)';
const body = () => document.querySelector('.body');
export const isLeftOpen = () => body().classList.contains('left-open');

const setOpen = (isOpen) => {
  body().classList.toggle('left-open', isOpen);
  document.querySelectorAll('.left-bar [data-do]').forEach((button) => button.setAttribute('aria-expanded', String(isOpen)));
};

/** Opens the column over the page where it is folded, with the focus on `part` of it. */
export const openLeft = (part) => {
  const place = document.getElementById(part);
  if (!place) return;
  if (!window.matchMedia(NARROW).matches) return place.focus();
  const wasOpen = isLeftOpen();
  setOpen(true);
  if (wasOpen) place.focus();
  else takeFocus('left', place);
};

/** Folds the column; says whether it was open. */
export const closeLeft = () => {
  if (!isLeftOpen()) return false;
  setOpen(false);
  returnFocus('left');
  return true;
};

const toggleLeft = (part) => () => (isLeftOpen() ? closeLeft() : openLeft(part));
addDoing({'left-classes': toggleLeft('search'), 'left-embedding': toggleLeft('embedding')});
document.addEventListener('pointerdown', (event) => {
  if (isLeftOpen() && !event.target.closest('.left, .left-bar')) closeLeft();
});
/* What was looked for is found: the view of it is what one wants to see. */
view('left', (selection, before) => {
  if (before && changed(selection, before, 'class_id', 'vs')) closeLeft();
});
