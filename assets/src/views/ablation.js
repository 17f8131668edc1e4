// @ts-check
/* The buttons in the graph that open the page of ablation. */
import {action, h} from '../dom.js';
import {plural} from '../format.js';

const MODES = [
  ['remove', 'Remove', 'See what the model says of the class’s images without'],
  ['keep', 'Keep only', 'See what the model says of the class’s images with'],
];

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
