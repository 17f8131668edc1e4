// @ts-check
/* A button and the menu that it opens, as ARIA describes one: the arrow keys move, Esc goes back to the button. */
import {h, icon} from '../dom.js';
import {nextIndex} from './roving.js';

/** Builds the button with an icon and its menu. `items` are elements with a role of a menu's item; a click on one closes the
    menu. `onOpen` is called before it shows, and may hide items.

    Returns the element that holds both. */
export const buildMenu = ({name, menuName = name, look, className = 'menu', items, onOpen = () => {}}) => {
  const menu = h('div', {class: className, role: 'menu', 'aria-label': menuName, hidden: true}, items);
  const states = {'aria-label': name, 'aria-haspopup': 'menu', 'aria-expanded': 'false', 'data-tip': name};
  const opener = h('button', {type: 'button', class: 'icon-button small', ...states}, icon(look));
  const owner = h('span', {class: 'menu-owner'}, opener, menu);
  const listItems = () => [...menu.querySelectorAll('[role^=menuitem]')].filter((item) => !item.hidden);
  const setOpen = (open) => {
    if (open) onOpen();
    menu.hidden = !open;
    opener.setAttribute('aria-expanded', String(open));
    const first = open && (listItems().find((item) => item.getAttribute('aria-checked') === 'true') || listItems()[0]);
    if (open) (first || opener).focus();
  };
  opener.addEventListener('click', () => setOpen(menu.hidden));
  menu.addEventListener('click', (event) => {
    if (!event.target.closest('[role^=menuitem]:not([aria-disabled])')) return;
    opener.focus();
    setOpen(false);
  });
  owner.addEventListener('focusout', (event) => !owner.contains(event.relatedTarget) && setOpen(false));
  menu.addEventListener('keydown', (event) => {
    const shown = listItems();
    const next = nextIndex(event.key, shown.indexOf(document.activeElement), shown.length);
    if (next === null && event.key !== 'Escape') return null;
    event.preventDefault();
    event.stopPropagation();
    if (next !== null) return shown[next].focus();
    opener.focus();
    return setOpen(false);
  });
  return owner;
};
