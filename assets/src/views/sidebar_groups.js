// @ts-check
/* The groups of the list: which are shown and folded, kept in this browser for each run. */
import * as current from '../current.js';
import {h, icon} from '../dom.js';
import {remember} from '../memory.js';
import {addDoing} from '../shell.js';
import {refold, regroup} from './sidebar.js';
import * as list from './sidebar_state.js';

let kept = null; /* {run, shown, folded: keys of groups} */
let foldedInSearch = new Set();

const load = (run) => {
  const {names, shown, folded} = run.groups || {names: [], shown: false, folded: false};
  const stored = remember(`groups:${run.name}`) || {};
  const isFolded = (name) => (Array.isArray(stored.folded) ? stored.folded.includes(name) : folded);
  return {
    run,
    shown: names.length > 0 && (typeof stored.shown === 'boolean' ? stored.shown : shown),
    folded: new Set(names.flatMap((name, group) => (isFolded(name) ? [`g${group}`] : []))),
  };
};
const now = () => {
  if (!kept || kept.run !== current.run) kept = load(current.run);
  return kept;
};
const save = () => {
  const folded = [...now().folded].map((key) => current.run.groups.names[Number(key.slice(1))]);
  remember(`groups:${current.run.name}`, {shown: now().shown, folded});
};
/* While something is searched for, all that matches is unfolded; what is folded then is forgotten with the search. */
const hidden = () => (list.state && list.state.found ? foldedInSearch : now().folded);
const setOpen = (key, open) => (open ? hidden().delete(key) : hidden().add(key));
const keys = () => current.run.groups.names.map((_, group) => `g${group}`);
const isAllFolded = () => keys().every((key) => hidden().has(key));

export const groups = {
  shown: () => now().shown,
  isOpen: (key) => !hidden().has(key),
  /** Opens the group of a class, as a selection does. */
  reveal: (group) => {
    if (group === null) return;
    now().folded.delete(`g${group}`);
    foldedInSearch.delete(`g${group}`);
  },
  searchBegins: () => (foldedInSearch = new Set()),
  toggle: (key, open = hidden().has(key)) => {
    setOpen(key, open);
    save();
    refold();
  },
  toggleAll: () => {
    const open = isAllFolded();
    keys().forEach((key) => setOpen(key, open));
    save();
    refold();
  },
  toggleShown: () => {
    now().shown = !now().shown;
    save();
    regroup();
  },
};

// --- the two buttons ----------------------------------------------------------------------------------------------
addDoing({'groups-show': () => groups.toggleShown(), 'groups-fold': () => groups.toggleAll()});
/** Shows or hides the groups, and folds them all; nothing where no class has a group. */
export const buildGroupTools = () => {
  if (!current.run.groups) return null;
  const tip = 'Classes under their groups, or in one list.';
  const names = {type: 'button', class: 'tool', 'data-do': 'groups-show', 'aria-label': 'Groups', 'data-tip': tip};
  const show = h('button', names, icon('groups'), h('span', {class: 'tool-label'}, 'Groups'));
  const fold = h('button', {type: 'button', class: 'icon-button small', 'data-do': 'groups-fold'}, icon('fold'));
  return h('div', {class: 'group-tools'}, show, fold);
};
export const showGroupTools = () => {
  const show = document.querySelector('#sidebar [data-do=groups-show]');
  if (!show) return;
  const fold = show.nextElementSibling;
  const label = isAllFolded() ? 'Unfold all groups' : 'Fold all groups';
  show.setAttribute('aria-pressed', String(now().shown));
  fold.disabled = !now().shown;
  fold.setAttribute('aria-label', label);
  fold.dataset.tip = label;
  fold.firstElementChild.className = `icon icon-${isAllFolded() ? 'unfold' : 'fold'}`;
};
