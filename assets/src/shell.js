// @ts-check
/* What is around the views: header, tabs, theme, clicks, tooltips, the list of shortcuts. */
import * as current from './current.js';
import {boot} from './data.js';
import {h} from './dom.js';
import {count} from './format.js';
import {copyLink, nameTab} from './link.js';
import {findFaults} from './link_faults.js';
import {remember} from './memory.js';
import {dispatch} from './selection.js';
import {view} from './views.js';
import {showRuns} from './views/run_picker.js';
import {returnFocus, takeFocus} from './widgets/focus.js';
import {moveBeside} from './widgets/place.js';
import {rove} from './widgets/roving.js';

// --- theme --------------------------------------------------------------------------------------------------------
const preferred = () => (window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
const setTheme = (theme) => {
  document.documentElement.dataset.theme = theme;
  document.dispatchEvent(new CustomEvent('summit-theme'));
};
setTheme(remember('theme') || preferred());
export const toggleTheme = () => {
  const theme = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
  remember('theme', theme);
  setTheme(theme);
};
/** The value of a custom property of the style sheet, for what is drawn on a canvas. */
export const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// --- header -------------------------------------------------------------------------------------------------------
const fact = (name, value, tip) =>
  h('div', {class: 'fact', 'data-tip': tip}, h('span', {class: 'fact-name'}, name), h('span', {class: 'fact-value'}, value));
/** Says which images are counted: a static site may hold some classes of a run. */
const tellImages = ({n_images: all, n_images_of_classes: here}) =>
  !current.showsRun()
    ? 'Images that every model could read, each held out once.'
    : here === all
      ? 'Images that the run was computed from.'
      : `Images of the classes of this site. The run was computed from ${count(all)} images of more classes.`;

/** Says what the link asks for that is not there. */
const showFaults = (selection) => {
  const views = [...document.querySelectorAll('#tabs [data-view]')].map((tab) => tab.dataset.view);
  const names = boot.runs.map(({name}) => name);
  const faults = findFaults(selection, current.run, names, views);
  const lines = faults.map(({rule, found, fix}) => h('div', {class: 'notice', role: 'alert'}, `${rule} ${found} ${fix}`));
  document.getElementById('notice').replaceChildren(...lines);
};
const showHeader = (selection, before) => {
  document.documentElement.dataset.view = selection.view;
  document.documentElement.dataset.kind = current.showsRun() ? 'run' : 'transfer';
  document.title = nameTab(selection, current.run);
  document.querySelectorAll('#tabs [data-view]').forEach((tab) => {
    tab.setAttribute('aria-selected', String(tab.dataset.view === selection.view));
    tab.hidden = !current.showsRun() && tab.dataset.view !== 'transfer';
  });
  rove(document.getElementById('tabs'), '[data-view]', (tab) => tab.getAttribute('aria-selected') === 'true');
  document.querySelectorAll('[data-pane]').forEach((pane) => (pane.hidden = !pane.dataset.pane.split(' ').includes(selection.view)));
  showFaults(selection);
  if (before) return;
  rove(document.querySelector('.header-buttons'), 'button');
  const {facts} = current.run;
  const {n_images_of_classes: n, n_classes: classes, model, dataset} = facts;
  const images = fact('Images', count(n), tellImages(facts));
  const shown = [fact('Model', model), fact('Dataset', dataset), fact('Classes', count(classes)), images];
  document.getElementById('header').replaceChildren(...shown);
  showRuns();
};
view('header', showHeader, {alsoResults: true});

// --- clicks -------------------------------------------------------------------------------------------------------
export const toggleHelp = (open) => {
  const help = document.getElementById('help');
  if (!help) return;
  const wasHidden = help.hidden;
  help.hidden = open === undefined ? !help.hidden : !open;
  if (wasHidden && !help.hidden) takeFocus('help', help.querySelector('[data-close-help]'));
  else if (!wasHidden && help.hidden) returnFocus('help');
};
const doing = {theme: toggleTheme, 'copy-link': copyLink, help: () => toggleHelp(), 'close-help': () => toggleHelp(false)};
/** Adds what a click on `data-do="name"` does, by name. */
export const addDoing = (more) => Object.assign(doing, more);
/** Does what has the name; nothing where nothing has. */
export const perform = (name) => doing[name] && doing[name]();
document.addEventListener('click', (event) => {
  const source = event.target.closest('[data-action]');
  const doer = event.target.closest('[data-do]');
  if (source && source.href && (event.metaKey || event.ctrlKey || event.shiftKey)) return; /* a new tab */
  if (source && source.href) event.preventDefault();
  if (source) dispatch(JSON.parse(source.dataset.action));
  else if (doer) perform(doer.dataset.do);
  else if (event.target.id === 'help') toggleHelp(false);
  hideTip();
});

// --- tooltips: one element, kept inside the window ----------------------------------------------------------------
let tip = null;
let timer = null;
const hideTip = () => {
  window.clearTimeout(timer);
  if (tip) tip.hidden = true;
};
const showTip = (owner) => {
  if (!owner.isConnected || !owner.dataset.tip) return;
  if (!tip) {
    tip = h('div', {class: 'tip', role: 'tooltip'});
    document.body.appendChild(tip);
  }
  tip.textContent = owner.dataset.tip;
  tip.hidden = false;
  moveBeside(tip, owner.getBoundingClientRect(), ['below', 'above']);
};
document.addEventListener('mouseover', (event) => {
  const owner = event.target.closest && event.target.closest('[data-tip]');
  hideTip();
  if (owner) timer = window.setTimeout(() => showTip(owner), 350);
});
document.addEventListener('focusin', (event) => {
  if (event.target.matches('.term:focus-visible, [aria-disabled]:focus-visible')) showTip(event.target);
});
document.addEventListener('focusout', hideTip);
