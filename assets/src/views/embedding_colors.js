/* What the points of the embedding are coloured by: the menu, the colours, the legend. */
import * as current from '../current.js';
import {load} from '../data.js';
import {h, icon} from '../dom.js';
import {NO_ACCURACY, count, percent, plural} from '../format.js';
import {scales} from '../model/scales.js';
import {dispatch} from '../selection.js';
import {color} from '../shell.js';
import {makeRoom, redraw} from './embedding_draw.js';
import {emb} from './embedding_state.js';

const isDark = () => document.documentElement.dataset.theme === 'dark';

// --- menu ---------------------------------------------------------------------------------------------------------
const WAYS = [
  ['plain', 'Plain', () => null],
  ['accuracy', 'Top-1 accuracy', () => (current.run.has.accuracy ? null : NO_ACCURACY())],
  ['group', 'Group', () => (current.run.groups ? null : 'No class of this run names a group.')],
  ['similarity', 'Similarity', () => (current.run.has.activations ? null : 'The run holds no activation counts.')],
];
/** A button that opens the choice of colours; what cannot be chosen says why. */
export const buildColorMenu = () => {
  const choose = (color) => () => {
    setOpen(false);
    button.focus();
    dispatch({color});
  };
  const items = WAYS.map(([color, label, why]) =>
    h(
      'button',
      {
        type: 'button',
        role: 'menuitemradio',
        class: 'color-item',
        'data-color': color,
        tabindex: -1,
        'aria-checked': 'false',
        'aria-disabled': why() && 'true',
        'data-tip': why(),
        onclick: why() ? () => null : choose(color),
      },
      h('span', {class: 'color-mark'}),
      label,
    ),
  );
  const menu = h('div', {class: 'color-menu', role: 'menu', 'aria-label': 'Colour of the points', hidden: true}, items);
  const button = h(
    'button',
    {
      type: 'button',
      class: 'icon-button small',
      'aria-haspopup': 'menu',
      'aria-expanded': 'false',
      'aria-label': 'Colour of the points',
      'data-tip': 'Colour of the points',
      onclick: () => setOpen(menu.hidden),
    },
    icon('palette'),
  );
  const setOpen = (open) => {
    menu.hidden = !open;
    button.setAttribute('aria-expanded', String(open));
    if (open) (items.find((item) => item.getAttribute('aria-checked') === 'true') || items[0]).focus();
  };
  const step = {ArrowDown: 1, ArrowUp: -1};
  menu.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      setOpen(false);
      button.focus();
    } else if (step[event.key]) items[(items.indexOf(document.activeElement) + step[event.key] + items.length) % items.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const box = h('div', {class: 'color-box'}, button, menu);
  box.addEventListener('focusout', (event) => box.contains(event.relatedTarget) || setOpen(false));
  return box;
};

// --- legend -------------------------------------------------------------------------------------------------------
const swatch = (color) => {
  const element = h('span', {class: 'legend-swatch'});
  element.style.background = color;
  return element;
};
const scaleLegend = (title, {low, high, n}, write, missing) => {
  const ramp = h('span', {class: 'legend-ramp'});
  ramp.style.background = `linear-gradient(90deg, ${scales.sequence(isDark()).join(', ')})`;
  const rest = emb.run.classes.length - n;
  return [
    h('div', null, `${title}, ${plural(n, 'class', 'classes')}`),
    h('div', {class: 'legend-scale'}, write(low), ramp, write(high)),
    missing && rest > 0 && h('div', {class: 'legend-entry'}, swatch(color('shared')), `${count(rest)} ${missing}`),
  ];
};
const groupLegend = ({shown, sizes, n_rest: rest}) => [
  ...shown.map((group, place) =>
    h(
      'div',
      {class: 'legend-entry'},
      swatch(scales.groupColors(isDark())[place]),
      h('span', {class: 'legend-name'}, emb.run.groups.names[group]),
      h('span', {class: 'n'}, count(sizes.get(group))),
    ),
  ),
  rest > 0 && h('div', {class: 'legend-entry'}, swatch(color('shared')), plural(rest, 'more group')),
];

// --- colours ------------------------------------------------------------------------------------------------------
const readSimilarity = async (selection) => {
  if (!current.run.classById.has(selection.class_id)) return null;
  const payload = await load(`class/${selection.class_id}`);
  return payload.similarity && payload.similarity[selection.layer];
};
const LOOKS = {
  plain: () => ({bins: null, palette: [], legend: []}),
  accuracy: () => {
    const found = scales.binNumbers(emb.run.classes.map((each) => each.top1));
    return {bins: found.bins, palette: scales.sequence(isDark()), legend: scaleLegend('Top-1', found, percent, 'without accuracy')};
  },
  group: () => {
    const found = scales.binGroups(emb.run.classes.map((each) => each.group));
    return {bins: found.bins, palette: scales.groupColors(isDark()), legend: groupLegend(found)};
  },
  similarity: async (selection) => {
    const values = await readSimilarity(selection);
    const others = emb.run.classes.map((each) => (values && each.id !== selection.class_id ? values[each.place] : null));
    const found = scales.binNumbers(others);
    const {name} = current.run.classById.get(selection.class_id) || {name: ''};
    return {
      bins: found.bins,
      palette: scales.sequence(isDark()),
      legend: values ? scaleLegend(`Cosine with ${name}`, found, (value) => (value / 1000).toFixed(2), null) : [],
    };
  },
};
/** Colours the points as the selection says. */
export const paint = async (selection) => {
  const {plot, run} = emb;
  document
    .querySelectorAll('#embedding [data-color]')
    .forEach((item) => item.setAttribute('aria-checked', String(item.dataset.color === selection.color)));
  const isPossible = WAYS.find(([color]) => color === selection.color)[2]() === null;
  const look = await LOOKS[isPossible ? selection.color : 'plain'](selection);
  const now = current.selection;
  if (plot !== emb.plot || run !== current.run || ['color', 'class_id', 'layer'].some((name) => now[name] !== selection[name])) return;
  Object.assign(plot, {bins: look.bins, palette: look.palette});
  emb.legend.hidden = !look.legend.length;
  emb.legend.replaceChildren(...look.legend.filter(Boolean));
  emb.legend.classList.toggle('entries', selection.color === 'group');
  makeRoom(plot, emb.legend.offsetHeight);
  redraw(plot);
};
