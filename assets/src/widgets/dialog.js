// @ts-check
/* A dialog over the page: the focus stays in it, Esc or a click beside it closes it, the focus goes back to where it was. */
import {h, icon} from '../dom.js';

/** Opens a dialog that is gone once it is closed. Returns {element, close()}. */
export const openDialog = (label, className, ...content) => {
  const element = /** @type {HTMLDialogElement} */ (h('dialog', {class: `dialog ${className}`, 'aria-label': label, 'aria-modal': 'true'}));
  const close = () => element.close();
  const names = {type: 'button', class: 'icon-button small dialog-close', 'aria-label': 'Close', title: 'Close  Esc'};
  element.append(...content, h('button', {...names, onclick: close}, icon('close')));
  element.addEventListener('close', () => element.remove());
  element.addEventListener('click', (event) => event.target === element && close());
  element.addEventListener('keydown', (event) => event.stopPropagation()); /* no shortcuts of the page beneath */
  document.body.append(element);
  element.showModal();
  return {element, close};
};
