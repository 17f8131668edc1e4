// @ts-check
/* What the browser adds to the page of ablation: what the address asks, and the buttons in the graph that open it. */
import * as current from '../current.js';
import {action, h} from '../dom.js';
import {plural} from '../format.js';

const FIELDS = ['class_id', 'pins', 'mode', 'chosen'];
const MODES = [
  ['remove', 'Remove', 'See what the model says of the class’s images without'],
  ['keep', 'Keep only', 'See what the model says of the class’s images with'],
];

/** What the address asks of the page; null while another page is shown. Dash calls it for each selection. */
export const wantAblation = (selection) =>
  selection && selection.view === 'ablation' && current.run
    ? {run: current.run.name, ...Object.fromEntries(FIELDS.map((name) => [name, selection[name]]))}
    : null;

/** Asks the server for what is new, a moment after its last answer is shown. */
export const askAblation = (more) => {
  if (more) window.setTimeout(() => window.dash_clientside.set_props('ablation-ask', {data: more}), 250);
};

const WHY_NOT = 'Needs a dashboard that holds the model, and a person who may run it: this page only shows what was computed.';
/** The buttons that remove the pinned channels, or keep them alone. */
export const buildAblation = (n) => {
  const isOffered = Boolean(document.querySelector('#tabs [data-view="ablation"]'));
  return h(
    'span',
    {class: 'ablation-tools', role: 'group', 'aria-label': 'Ablation'},
    MODES.map(([mode, words, tip]) => {
      const told = isOffered
        ? `${tip} ${n === 1 ? 'this channel' : `these ${plural(n, 'channel')}`}${mode === 'keep' ? ' alone' : ''}.`
        : WHY_NOT;
      return isOffered
        ? action({view: 'ablation', mode}, {class: 'tool', 'data-tip': told}, words)
        : h('button', {type: 'button', class: 'tool', 'aria-disabled': 'true', 'data-tip': told}, words);
    }),
  );
};
