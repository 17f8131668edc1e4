// @ts-check
/* A field that finds a class by what is typed: a combobox with a list below it, as ARIA describes one. */
import * as current from '../current.js';
import {h} from '../dom.js';
import {fuzzy} from '../model/fuzzy.js';

const MOST = 80;

let index = null;
let indexed = null;
/** The classes that match, the best first, as the list of classes finds them. */
const match = (text, classes) => {
  if (indexed !== classes) {
    index = fuzzy.buildIndex(classes, current.run.groups ? current.run.groups.names : []);
    indexed = classes;
  }
  const found = fuzzy.search(index, text);
  if (!found) return classes;
  return classes.filter((each) => found.scores.has(each.id)).sort((a, b) => found.scores.get(a.id) - found.scores.get(b.id));
};
const nameOf = (each) => [each.name, each.mark].filter(Boolean).join(' ');

/** `choose(class)` is called with one of `classes()`. Returns {element, input, show(class or null)}. */
export const buildPicker = ({id, label, hint, classes, choose}) => {
  const list = h('ul', {id: `${id}-list`, class: 'picker-list', role: 'listbox', 'aria-label': label, hidden: true});
  const input = h('input', {
    id, type: 'text', role: 'combobox', autocomplete: 'off', spellcheck: 'false', placeholder: hint, 'aria-label': label,
    'aria-expanded': 'false', 'aria-controls': `${id}-list`, 'aria-autocomplete': 'list',
  }); // prettier-ignore
  const element = h('div', {class: 'picker-field'}, input, list);
  const state = {found: [], at: 0, name: ''};

  const mark = (place) => {
    state.at = Math.max(0, Math.min(place, state.found.length - 1));
    [...list.children].forEach((option, each) => option.setAttribute('aria-selected', String(each === state.at)));
    const option = list.children[state.at];
    if (!option || !state.found.length) return input.removeAttribute('aria-activedescendant');
    input.setAttribute('aria-activedescendant', option.id);
    option.scrollIntoView({block: 'nearest'});
  };
  const open = (text) => {
    state.found = match(text, classes())
      .filter((each) => each !== current.run.classById.get(current.selection.class_id))
      .slice(0, MOST);
    const options = state.found.map((each) => h('li', {id: `${id}-${each.id}`, role: 'option', 'data-class': each.id}, nameOf(each)));
    list.replaceChildren(
      ...(options.length ? options : [h('li', {class: 'muted', role: 'option', 'aria-disabled': 'true'}, 'No class matches.')]),
    );
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    mark(0);
  };
  const close = () => {
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
    input.value = state.name;
  };
  const take = (each) => {
    if (!each) return;
    input.blur();
    choose(each);
  };
  const KEYS = {
    ArrowDown: () => (list.hidden ? open('') : mark(state.at + 1)),
    ArrowUp: () => mark(state.at - 1),
    Enter: () => take(list.hidden ? null : state.found[state.at]),
    Escape: () => input.blur(),
  };
  input.addEventListener('focus', () => {
    input.select();
    open('');
  });
  input.addEventListener('input', () => open(input.value));
  input.addEventListener('blur', close);
  input.addEventListener('keydown', (event) => {
    if (!KEYS[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    KEYS[event.key]();
  });
  list.addEventListener('pointerdown', (event) => event.preventDefault()); /* the field keeps the focus */
  list.addEventListener('click', (event) => {
    const option = event.target.closest('[data-class]');
    if (option) take(state.found.find((each) => String(each.id) === option.dataset.class));
  });
  const show = (each) => {
    state.name = each ? nameOf(each) : '';
    if (document.activeElement !== input) input.value = state.name;
  };
  return {element, input, show};
};
