// @ts-check
/* A field with a list of what is found for the text in it, as ARIA describes a combobox: the arrow keys mark an option,
   Enter or a click takes it. The focus stays in the field. */
import {h} from '../dom.js';
import {nextIndex} from './roving.js';

const TEXT = {type: 'text', role: 'combobox', autocomplete: 'off', spellcheck: 'false', 'aria-autocomplete': 'list'};

/** Builds the field and its list. `find(text)` returns the items; `describe(item)` the children and attributes of an option;
    `tellNone(text)` what stands where there are none; `take(item, event)` is called with the one that is chosen, and
    `leave()` when Esc is pressed. `point(item)` hears which one is marked, null for none.

    Returns {input, list, search(text), close()}: `search` opens the list. */
export const buildCombobox = ({
  id,
  listId = `${id}-list`,
  label,
  hint,
  listLabel = label,
  find,
  describe,
  tellNone,
  take,
  leave,
  point = (item) => item,
}) => {
  let items = [];
  let at = 0;
  const list = h('div', {id: listId, role: 'listbox', 'aria-label': listLabel, tabindex: -1, hidden: true});
  const names = {placeholder: hint, 'aria-label': label, 'aria-controls': listId, 'aria-expanded': 'false'};
  const input = h('input', {...TEXT, id, ...names, oninput: () => search(input.value)});

  const mark = (place) => {
    at = place;
    [...list.children].forEach((option, each) => option.setAttribute('aria-selected', String(each === at)));
    const marked = items.length ? list.children[at] : null;
    point(items[at] || null);
    if (!marked) return input.removeAttribute('aria-activedescendant');
    input.setAttribute('aria-activedescendant', marked.id);
    return marked.scrollIntoView({block: 'nearest'});
  };
  const buildOption = (item, place) => {
    const {attributes, children} = describe(item);
    return h('div', {id: `${listId}-${place}`, role: 'option', 'data-place': place, ...attributes}, children);
  };
  const setOpen = (open) => {
    list.hidden = !open;
    input.setAttribute('aria-expanded', String(open));
  };
  const search = (text) => {
    items = find(text);
    const none = () => h('div', {class: 'muted', role: 'option', 'aria-disabled': 'true'}, tellNone(text));
    list.replaceChildren(...(items.length ? items.map(buildOption) : [none()]));
    setOpen(true);
    mark(0);
  };
  const close = () => {
    setOpen(false);
    input.removeAttribute('aria-activedescendant');
  };
  const step = (event) => {
    if (list.hidden) return search('');
    return items.length ? mark(nextIndex(event.key, at, items.length)) : null;
  };
  const KEYS = {
    ArrowDown: step,
    ArrowUp: step,
    Enter: (event) => !list.hidden && items.length && take(items[at], event),
    Escape: () => leave(),
  };
  input.addEventListener('keydown', (event) => {
    if (!KEYS[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    KEYS[event.key](event);
  });
  list.addEventListener('pointerdown', (event) => event.preventDefault()); /* the field keeps the focus */
  list.addEventListener('click', (event) => {
    const option = event.target.closest('[data-place]');
    if (option) take(items[Number(option.dataset.place)], event);
  });
  return {input, list, search, close};
};
