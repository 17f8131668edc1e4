// @ts-check
/* The colours of the points of the embedding: the choice of them, what they are of a selection, the legend. */
import * as current from '../current.js';
import {load} from '../data.js';
import {h} from '../dom.js';
import {cosine, count, NO_ACCURACY, percent, plural} from '../format.js';
import {scales} from '../model/scales.js';
import {dispatch} from '../selection.js';
import {buildMenu} from '../widgets/menu.js';
import {emb} from './embedding_state.js';

// --- menu ---------------------------------------------------------------------------------------------------------
/** @type {[string, string, () => any][]} */
const WAYS = [
  ['plain', 'Plain', () => null],
  ['accuracy', 'Top-1 accuracy', () => (current.run.has.accuracy ? null : NO_ACCURACY())],
  ['group', 'Group', () => (current.run.groups ? null : 'No class of this run names a group.')],
  ['similarity', 'Similarity', () => (current.run.has.activations ? null : 'The run holds no activation counts.')],
  ['mistaken', 'Mistaken for', () => (current.run.has.confusions ? null : 'The run does not state what each image was taken for.')],
];
/** A button that opens the choice of colours; what cannot be chosen says why. */
export const buildColorMenu = () => {
  const items = WAYS.map(([color, label, why]) => {
    const states = {tabindex: -1, 'aria-checked': 'false', 'aria-disabled': why() && 'true', 'data-tip': why()};
    const names = {type: 'button', role: 'menuitemradio', class: 'color-item', 'data-color': color, ...states};
    return h('button', {...names, onclick: () => why() || dispatch({color})}, h('span', {class: 'color-mark'}), label);
  });
  return buildMenu({name: 'Colour of the points', look: 'palette', className: 'color-menu', items});
};

// --- colours ------------------------------------------------------------------------------------------------------
const nameOf = ({class_id: id}) => (current.run.classById.get(id) || {name: ''}).name;
/** Points on a scale; a grey entry for those without a number, where `rest` names them, but for `nLeftOut` of them. */
const onScale = (values, title, write, parts, rest = null, nLeftOut = 0) => {
  const {bins, low, high, n} = scales.binNumbers(values);
  const without = values.length - n - nLeftOut;
  const entries = rest && without ? [[parts.missing, `${count(without)} ${rest}`, null]] : [];
  return {bins, palette: parts.ramp, legend: n ? {title: title(n), ends: [write(low), write(high)], ramp: parts.ramp, entries} : null};
};
const LOOKS = {
  plain: () => ({bins: null, palette: [], legend: null}),
  accuracy: (selection, parts) =>
    onScale(current.run.classes.map((each) => each.top1), (n) => `Top-1, ${plural(n, 'class', 'classes')}`, percent, parts, 'without accuracy'), // prettier-ignore
  group: (selection, parts) => {
    const {bins, shown, sizes, n_rest: rest} = scales.binGroups(current.run.classes.map((each) => each.group), parts.groups.length); // prettier-ignore
    const entries = shown.map((group, place) => [parts.groups[place], current.run.groups.names[group], count(sizes.get(group))]);
    if (rest > 0) entries.push([parts.missing, plural(rest, 'more group'), null]);
    return {bins, palette: parts.groups, legend: {entries}};
  },
  similarity: async (selection, parts) => {
    const {similarity} = current.run.classById.has(selection.class_id) ? await load(`class/${selection.class_id}`) : {similarity: null};
    const values = (similarity && similarity[selection.layer]) || [];
    const others = emb.run.classes.map((each) => (each.id === selection.class_id ? null : values[each.place]));
    const title = (n) => `Cosine with ${nameOf(selection)}, ${plural(n, 'class', 'classes')}`;
    return onScale(others, title, (value) => cosine(value / 1000), parts);
  },
  mistaken: async (selection, parts) => {
    const {taken_for: found, n} = await load(`confusions/${selection.class_id}`);
    const counts = new Map(found ? found.class_id.map((id, i) => [id, found.count[i]]) : []);
    const title = () => `${nameOf(selection)} taken for another, of ${plural(n, 'image')}`;
    return onScale(emb.run.classes.map((each) => counts.get(each.id)), title, count, parts, 'never', 1); // prettier-ignore
  },
};
/** The colours of a selection: a step of the palette for each class, and what the legend says of them. */
export const findLook = (selection, parts) => {
  const [color, , why] = WAYS.find(([name]) => name === selection.color);
  return LOOKS[why() === null ? color : 'plain'](selection, parts);
};

// --- legend -------------------------------------------------------------------------------------------------------
const swatch = (color) => h('span', {class: 'legend-swatch', style: `background:${color}`});
const buildScale = ({title, ends, ramp}) => [
  h('div', null, title),
  h('div', {class: 'legend-scale'}, ends[0], h('span', {class: 'legend-ramp', style: `background:linear-gradient(90deg, ${ramp.join(', ')})`}), ends[1]), // prettier-ignore
];
/** Shows the legend and returns its height in pixels. */
export const showLegend = ({legend}, {color}) => {
  document
    .querySelectorAll('#embedding [data-color]')
    .forEach((item) => item.setAttribute('aria-checked', String(item.dataset.color === color)));
  emb.shownLegend = legend;
  emb.legend.hidden = !legend;
  emb.legend.classList.toggle('entries', Boolean(legend && !legend.title));
  emb.legend.replaceChildren(
    ...(legend && legend.title ? buildScale(legend) : []),
    ...((legend && legend.entries) || []).map(([tint, name, n]) =>
      h('div', {class: 'legend-entry'}, swatch(tint), h('span', {class: 'legend-name'}, name), n && h('span', {class: 'n'}, n)),
    ),
  );
  return legend ? emb.legend.offsetHeight : 0; /* to ask has the page laid out */
};
