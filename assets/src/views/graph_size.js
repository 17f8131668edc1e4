// @ts-check
/* What the area of a channel in the graph of a class shows: the images that use it, its PageRank, or its effect. */
import * as current from '../current.js';
import {h} from '../dom.js';
import {sizedBy} from '../model/graph.js';
import {dispatch} from '../selection.js';
import {buildMenu} from '../widgets/menu.js';
import {getContext} from './graph_scene.js';

const WAYS = {
  count: {name: 'count', area: "the share of the class's images that use the channel.", missing: ''},
  pagerank: {name: 'PageRank', area: "the channel's personalized PageRank.", missing: 'This run holds no PageRank of these channels.'},
  effect: {
    name: 'effect',
    area: "how far the logarithm of the class's probability falls, to first order, when the channel is removed; smallest where it does not fall.",
    missing: 'The effect of these channels was not measured. Run summit-dash faithfulness.',
  },
};
let owner = null;

/** What the channels on the paper are sized by: what is asked for, where they have it. */
export const shownSize = () => {
  const context = getContext();
  return context && !context.comparison ? sizedBy(context.drawing.nodes, current.selection.size) : 'count';
};
const hasSize = (size) => {
  const context = getContext();
  return size === 'count' || Boolean(context && sizedBy(context.drawing.nodes, size) === size);
};
/** What the area of a channel means, in words. */
export const tellSize = (size = shownSize()) => `Size: the area is ${WAYS[size].area}`;
/** The number that the area of a node shows, where that is another one than the images that use it; else null. */
export const tellNumber = (node) => {
  const size = shownSize();
  if (size === 'count') return null;
  return `${WAYS[size].name} ${(size === 'effect' ? node.effect : node.score) ?? 'unknown'}`;
};

/** Builds the button and the menu of what channels are sized by; what cannot be chosen says why. */
export const buildSize = () => {
  const items = Object.entries(WAYS).map(([size, {name}]) => {
    const states = {type: 'button', role: 'menuitemradio', tabindex: -1, class: 'color-item', 'data-size': size};
    return h('button', {...states, onclick: () => hasSize(size) && dispatch({size})}, h('span', {class: 'color-mark'}), `Size by ${name}`);
  });
  owner = buildMenu({name: 'Size of the channels', look: 'size', items, onOpen: showSize});
  return owner;
};
/** Marks what is chosen and what can be; a comparison has no choice. */
export const showSize = () => {
  const context = getContext();
  const shown = shownSize();
  owner.hidden = Boolean(context && context.comparison);
  owner.querySelectorAll('[data-size]').forEach((item) => {
    const {size} = item.dataset;
    const missing = hasSize(size) ? '' : WAYS[size].missing;
    item.setAttribute('aria-checked', String(size === shown));
    item.setAttribute('data-tip', missing || tellSize(size));
    if (missing) item.setAttribute('aria-disabled', 'true');
    else item.removeAttribute('aria-disabled');
  });
  const opener = owner.querySelector('.icon-button');
  opener.classList.toggle('is-set', shown !== 'count');
  opener.setAttribute('data-tip', `Size of the channels: by ${WAYS[shown].name}`);
};
