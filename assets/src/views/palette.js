// @ts-check
/* One place to go anywhere from: classes, channels, layers, views and runs, found as one types. Ctrl or Cmd K. */
import * as current from '../current.js';
import {fuzzy} from '../model/fuzzy.js';
import {boot} from '../data.js';
import {h, icon} from '../dom.js';
import {channelId, plural} from '../format.js';
import {labels} from '../labels.js';
import {buildIndex} from '../runs.js';
import {dispatch} from '../selection.js';
import {addDoing, perform} from '../shell.js';
import {buildCombobox} from '../widgets/combobox.js';
import {returnFocus, takeFocus} from '../widgets/focus.js';

const MOST = 8;

// --- what there is to find ----------------------------------------------------------------------------------------
const listTabs = () => [...document.querySelectorAll('#tabs [data-view]:not([hidden])')];
/** The views with their names, as the registry of pages has them. */
const listViews = () => listTabs().map(({dataset}) => [dataset.place, dataset.view]);
/** Whether the view that is shown is of a class; from others, a chosen class leads to its graph. */
const showsClass = () => listTabs().some(({dataset}) => dataset.view === current.selection.view && 'showsClass' in dataset);
const option = (kind, label, note, action) => ({kind, label, note, action});
const inWords = (text, words) => words.every((word) => text.toLowerCase().includes(word));
const findClasses = (text) => {
  const {run} = current;
  const found = fuzzy.search(buildIndex(run), text);
  if (!found) return [];
  return [...found.scores]
    .sort((a, b) => a[1] - b[1])
    .slice(0, MOST)
    .map(([id]) => run.classById.get(id))
    .map((info) => option('Class', info.name, info.mark || info.synset, {class_id: info.id, ...(showsClass() ? {} : {view: 'graph'})}));
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
    ...views.map(([label, view]) => option('View', label, '', {view})),
    ...findCommands(words),
    ...runs.slice(0, MOST).map(({name, kind}) => option(kind ? 'Transfer' : 'Run', name, '', {run: name})),
  ];
};

// --- the dialog ---------------------------------------------------------------------------------------------------
const close = () => {
  document.getElementById('palette')?.remove();
  returnFocus('palette');
};
const take = ({does, action}) => {
  close();
  if (does) perform(does);
  else dispatch(action);
};
const describe = ({kind, label, note}) => ({
  attributes: {class: 'palette-row'},
  children: [h('span', {class: 'palette-kind'}, kind), h('span', {class: 'palette-label'}, label), h('span', {class: 'muted'}, note)],
});
const tellNone = (text) => h('span', {class: 'palette-none'}, `Nothing is called “${text.trim()}”.`);
/** Opens the palette; closes it where it is open. */
export const openPalette = () => {
  if (!current.run || document.getElementById('palette')) return close();
  const hint = 'Go to a class, channel, layer or view';
  const names = {id: 'palette-text', listId: 'palette-list', label: 'Go to', listLabel: 'Places', hint};
  const {input, list, search} = buildCombobox({...names, find, describe, tellNone, take, leave: close});
  input.addEventListener('keydown', (event) => event.key === 'Tab' && event.preventDefault());
  const card = h(
    'div',
    {class: 'palette-card', role: 'dialog', 'aria-modal': 'true', 'aria-label': 'Go to'},
    h('div', {class: 'palette-search'}, icon('search'), input, h('kbd', null, 'Esc')),
    list,
  );
  const shade = h('div', {id: 'palette', class: 'palette'}, card);
  shade.addEventListener('pointerdown', (event) => event.target === shade && close());
  document.body.appendChild(shade);
  search('');
  return takeFocus('palette', input);
};
addDoing({palette: openPalette});
document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    openPalette();
  }
});
