// @ts-check
/* A button and the small box that it opens beneath itself. Esc closes the box, and so does what happens beside it. */
import {h, icon} from '../dom.js';

/** Builds the button with an icon and its box. `onOpen` is called before the box shows, `onClose` after it is gone.

    Returns {element, setOpen(open)}; to close gives the focus back to the button where the box has it. */
export const buildPopover = ({name, tip = name, look, className, content, onOpen = () => {}, onClose = () => {}}) => {
  const box = h('div', {class: `popover ${className}`, role: 'group', 'aria-label': name, tabindex: -1, hidden: true}, content);
  const names = {'aria-label': name, 'aria-expanded': 'false', 'data-tip': tip};
  const opener = h('button', {type: 'button', class: 'icon-button small', ...names, onclick: () => setOpen(box.hidden)}, icon(look));
  const element = h('span', {class: 'menu-owner'}, opener, box);
  const setOpen = (open) => {
    if (open === !box.hidden) return;
    if (open) onOpen();
    const hadFocus = box.contains(document.activeElement);
    box.hidden = !open;
    opener.setAttribute('aria-expanded', String(open));
    if (open) (box.querySelector('input') || box).focus();
    else if (hadFocus) opener.focus();
    if (!open) onClose();
  };
  element.addEventListener('focusout', (event) => !element.contains(event.relatedTarget) && setOpen(false));
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || box.hidden) return;
    event.stopPropagation();
    setOpen(false);
  });
  return {element, setOpen};
};
