// @ts-check
/* A field that finds a class by what is typed. Before anything is typed, the classes that the selected one is confused with
   come first, with their counts; then the others, the most similar at the layer first. */
import * as current from '../current.js';
import {load} from '../data.js';
import {h} from '../dom.js';
import {of, percent} from '../format.js';
import {fuzzy} from '../model/fuzzy.js';
import {buildCombobox} from '../widgets/combobox.js';

const MOST = 80;
const MOST_CONFUSED = 5; /* of each direction */
const indices = new WeakMap(); /* by the list of classes, which may be that of another run */

/** The classes that match, the best first, as the list of classes finds them. */
const match = (text, classes) => {
  const names = current.run.groups ? current.run.groups.names : [];
  if (!indices.has(classes)) indices.set(classes, fuzzy.buildIndex(classes, names));
  const found = fuzzy.search(indices.get(classes), text);
  if (!found) return classes;
  return classes.filter((each) => found.scores.has(each.id)).sort((a, b) => found.scores.get(a.id) - found.scores.get(b.id));
};
const nameOf = (each) => [each.name, each.mark].filter(Boolean).join(' ');

/** Reads the classes that a class is confused with, the strongest first: a note by class_id. Empty where the run does not
    know what its images were taken for. */
const readConfused = async (id) => {
  const notes = new Map();
  const payload = current.run.has.confusions ? await load(`confusions/${id}`) : {problem: true};
  if (payload.problem) return notes;
  const {name: own} = current.run.classById.get(id);
  const {n, taken_for: away, mistaken_for: here} = payload;
  const tell = (count, whole) => `${of(count, whole)} · ${percent(count / whole)}`;
  away.class_id.slice(0, MOST_CONFUSED).forEach((other, i) => notes.set(other, [`${own} taken for it: ${tell(away.count[i], n)}`]));
  here.class_id.slice(0, MOST_CONFUSED).forEach((other, i) => {
    notes.set(other, [...(notes.get(other) || []), `taken for ${own}: ${tell(here.count[i], here.n[i])}`]);
  });
  return notes;
};

/** Reads how similar each class is to one at the layer, by place; null where the run does not know. */
const readSimilar = async (id) => {
  const payload = current.run.has.activations ? await load(`class/${id}`) : {};
  return (payload.similarity && payload.similarity[current.selection.layer]) || null;
};

/** `choose(class)` is called with one of `classes()`. Returns {element, input, show(class or null)}. */
export const buildPicker = ({id, label, hint, classes, choose}) => {
  let name = '';
  let confused = new Map();
  let similar = null;
  const isOther = (each) => each !== current.run.classById.get(current.selection.class_id);
  const find = (text) => {
    const found = match(text, classes()).filter(isOther);
    if (text) return found.slice(0, MOST);
    const first = [...confused.keys()].map((other) => found.find((each) => each.id === other)).filter(Boolean);
    const rest = found.filter((each) => !first.includes(each));
    if (similar) rest.sort((a, b) => similar[b.place] - similar[a.place]);
    return [...first, ...rest].slice(0, MOST);
  };
  const describe = (each) => {
    const notes = input.value === '' || input.value === name ? confused.get(each.id) : null;
    return {attributes: {'data-class': each.id}, children: [nameOf(each), notes && h('span', {class: 'picker-note'}, notes.join('; '))]};
  };
  const take = (each) => {
    input.blur();
    choose(each);
  };
  const leave = () => input.blur();
  const {input, list, search, close} = buildCombobox({id, label, hint, find, describe, tellNone: () => 'No class matches.', take, leave});
  list.classList.add('picker-list');
  input.addEventListener('focus', async () => {
    input.select();
    confused = new Map();
    similar = null;
    search('');
    if (classes() !== current.run.classes) return; /* of another run: its images are others */
    const asked = current.selection.class_id;
    const [notes, found] = await Promise.all([readConfused(asked), readSimilar(asked)]);
    const isUntouched = document.activeElement === input && (input.value === '' || input.value === name);
    if (!(notes.size || found) || !isUntouched || current.selection.class_id !== asked) return;
    confused = notes;
    similar = found;
    search('');
  });
  input.addEventListener('blur', () => {
    close();
    input.value = name;
  });
  const show = (each) => {
    name = each ? nameOf(each) : '';
    if (document.activeElement !== input) input.value = name;
  };
  return {element: h('div', {class: 'picker-field'}, input, list), input, show};
};
