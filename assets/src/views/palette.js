/* One place to go anywhere from: classes, channels, layers, views and runs, found as one types. Ctrl or Cmd K. */
import * as current from '../current.js';
import {fuzzy} from '../model/fuzzy.js';
import {boot} from '../data.js';
import {h, icon} from '../dom.js';
import {channelId, plural} from '../format.js';
import {labels} from '../labels.js';
import {dispatch} from '../selection.js';
import {doing} from '../shell.js';
import {returnFocus, takeFocus} from '../widgets/focus.js';

const MOST = 8;
let index = null;
let options = [];
let at = 0;

// --- what there is to find ----------------------------------------------------------------------------------------
const VIEWS = [
  ['Attribution graph', {view: 'graph'}],
  ['Compare two classes', {view: 'compare'}],
  ['Channels of the layer', {view: 'channels'}],
  ['About this run', {view: 'about'}],
];
/** The views by name; pages that were added have the names of their tabs. */
const listViews = () => {
  const known = VIEWS.map(([, action]) => action.view);
  const tabs = [...document.querySelectorAll('#tabs [data-view]')].filter((tab) => !known.includes(tab.dataset.view));
  return [...VIEWS, ...tabs.map((tab) => [tab.textContent, {view: tab.dataset.view}])];
};
/** The views that show a class; from others, a chosen class leads to its graph. */
const OF_CLASS = ['graph', 'compare', 'channels'];
const option = (kind, label, note, action) => ({kind, label, note, action});
const inWords = (text, words) => words.every((word) => text.toLowerCase().includes(word));
const findClasses = (text) => {
  const {run} = current;
  if (!index || index.run !== run) index = {run, ...fuzzy.buildIndex(run.classes, run.groups ? run.groups.names : [])};
  const found = fuzzy.search(index, text);
  if (!found) return [];
  return [...found.scores]
    .sort((a, b) => a[1] - b[1])
    .slice(0, MOST)
    .map(([id]) => run.classById.get(id))
    .map((info) =>
      option('Class', info.name, info.mark || info.synset, {
        class_id: info.id,
        ...(OF_CLASS.includes(current.selection.view) ? {} : {view: 'graph'}),
      }),
    );
};
/** "mixed4d-346", "4d 346": a layer, in full or short, and a number. */
const findChannel = (text) => {
  const match = text.trim().match(/^(.+?)[\s-]+(\d+)$/);
  if (!match) return [];
  return current.run.layers
    .filter(
      ({layer, short, n_channels: n}) =>
        [layer, short].some((name) => name.toLowerCase() === match[1].toLowerCase()) && Number(match[2]) < n,
    )
    .map(({layer}) => option('Channel', channelId(layer, Number(match[2])), '', {layer, channel: Number(match[2])}));
};
/** "carp trout": two classes by name, to compare. Each half names one by its whole name, or alone begins with it. */
const findPair = (text) => {
  const words = text.trim().split(/\s+(?:vs\.?\s+|and\s+)?/i);
  for (let cut = 1; cut < words.length; cut += 1) {
    const pair = [words.slice(0, cut), words.slice(cut)].map((part) => findClass(part.join(' ').toLowerCase()));
    if (pair.every(Boolean) && pair[0] !== pair[1]) {
      const action = {class_id: pair[0].id, vs: pair[1].id, vs_run: null, view: 'compare'};
      return [option('Compare', pair.map((each) => each.name).join(' with '), '', action)];
    }
  }
  return [];
};
const findClass = (name) => {
  const {classes} = current.run;
  const whole = classes.filter((each) => each.name.toLowerCase() === name);
  const begun = whole.length ? whole : classes.filter((each) => each.name.toLowerCase().startsWith(name));
  return begun.length === 1 ? begun[0] : null;
};
/** What can be done from anywhere; `does` names a function of `doing`. */
const COMMANDS = [
  ['Light or dark theme', 'theme'],
  ['Copy a link to this view', 'copy-link'],
  ['Keyboard shortcuts', 'help'],
];
const findCommands = (words) =>
  words.length
    ? COMMANDS.filter(([label]) => inWords(label, words)).map(([label, does]) => ({...option('Do', label, '', null), does}))
    : [];
const findLabels = (words) =>
  words.length
    ? labels
        .all()
        .filter(({label}) => inWords(label, words))
        .slice(0, MOST)
        .map(({layer, channel, label}) => option('Label', label, channelId(layer, channel), {layer, channel}))
    : [];
const find = (text) => {
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const layers = current.run.layers.filter(({layer}) => words.length && inWords(layer, words));
  const views = listViews().filter(([label]) => inWords(label, words));
  const runs = boot.runs.filter(({name}) => boot.runs.length > 1 && name !== current.run.name && inWords(name, words));
  return [
    ...findChannel(text),
    ...findPair(text),
    ...findLabels(words),
    ...findClasses(text),
    ...layers.slice(0, MOST).map(({layer, n_channels: n}) => option('Layer', layer, plural(n, 'channel'), {layer})),
    ...views.map(([label, action]) => option('View', label, '', action)),
    ...findCommands(words),
    ...runs.slice(0, MOST).map(({name}) => option('Run', name, '', {run: name})),
  ];
};

// --- the dialog ---------------------------------------------------------------------------------------------------
const dialog = () => document.getElementById('palette');
const row = ({kind, label, note}, place) =>
  h(
    'div',
    {id: `palette-${place}`, role: 'option', class: 'palette-row', 'aria-selected': String(place === at), 'data-place': place},
    h('span', {class: 'palette-kind'}, kind),
    h('span', {class: 'palette-label'}, label),
    h('span', {class: 'muted'}, note),
  );
const draw = () => {
  const list = dialog().querySelector('[role=listbox]');
  const input = dialog().querySelector('input');
  list.replaceChildren(...options.map(row));
  if (!options.length) list.replaceChildren(h('p', {class: 'palette-none'}, `Nothing is called “${input.value.trim()}”.`));
  input.setAttribute('aria-activedescendant', options.length ? `palette-${at}` : '');
  const marked = list.querySelector('[aria-selected=true]');
  if (marked) marked.scrollIntoView({block: 'nearest'});
};
const search = () => {
  options = find(dialog().querySelector('input').value);
  at = 0;
  draw();
};
const close = () => {
  if (!dialog()) return;
  dialog().remove();
  returnFocus('palette');
};
const take = (place) => {
  const chosen = options[place];
  close();
  if (chosen && chosen.does) doing[chosen.does]();
  else if (chosen) dispatch(chosen.action);
};
const onKey = (event) => {
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
  if (step && options.length) {
    at = (at + step + options.length) % options.length;
    draw();
  } else if (event.key === 'Enter') take(at);
  else if (event.key === 'Escape') close();
  else if (event.key !== 'Tab') return;
  event.preventDefault();
  event.stopPropagation();
};
export const openPalette = () => {
  if (!current.run || dialog()) return close();
  const input = h('input', {
    type: 'text',
    placeholder: 'Go to a class, channel, layer or view',
    'aria-label': 'Go to',
    role: 'combobox',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-expanded': 'true',
    'aria-controls': 'palette-list',
    'aria-autocomplete': 'list',
    oninput: search,
  });
  const card = h(
    'div',
    {class: 'palette-card', role: 'dialog', 'aria-modal': 'true', 'aria-label': 'Go to', onkeydown: onKey},
    h('div', {class: 'palette-search'}, icon('search'), input, h('kbd', null, 'Esc')),
    h('div', {id: 'palette-list', role: 'listbox', 'aria-label': 'Places'}),
  );
  card.addEventListener('click', (event) => {
    const found = event.target.closest('[data-place]');
    if (found) take(Number(found.dataset.place));
  });
  const shade = h('div', {id: 'palette', class: 'palette'}, card);
  shade.addEventListener('pointerdown', (event) => event.target === shade && close());
  document.body.appendChild(shade);
  search();
  takeFocus('palette', input);
};
doing.palette = openPalette;
document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    openPalette();
  }
});
