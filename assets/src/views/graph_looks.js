// @ts-check
/* What the channels in the graph of a class show by their area and by the colour of their ring: the images that use them,
   their PageRank, or their effect. */
import * as current from '../current.js';
import {h} from '../dom.js';
import {coloredBy, sizedBy} from '../model/graph.js';
import {dispatch} from '../selection.js';
import {buildMenu} from '../widgets/menu.js';
import {getContext} from './graph_scene.js';

const NUMBERS = {
  count: {name: 'count', text: "the share of the class's images that use the channel", missing: ''},
  pagerank: {name: 'PageRank', text: "the channel's personalized PageRank", missing: 'This run holds no PageRank of these channels.'},
  effect: {
    name: 'effect',
    text: "how far the logarithm of the class's probability falls, to first order, when the channel is removed",
    missing: 'The effect of these channels was not measured. Run summit-dash faithfulness.',
  },
};
const LOOKS = {
  size: {title: 'Size by', normal: 'count', numbers: ['count', 'pagerank', 'effect'], by: sizedBy},
  ring: {title: 'Colour of the ring by', normal: 'plain', numbers: ['plain', 'count', 'pagerank', 'effect'], by: coloredBy},
};
let owner = null;

const shown = (look, asked) => {
  const context = getContext();
  return context && !context.comparison ? LOOKS[look].by(context.drawing.nodes, asked) : LOOKS[look].normal;
};
const has = (look, number) => number === LOOKS[look].normal || shown(look, number) === number;
/** What size and ring of the channels on the paper show: what is asked for, where they have it. */
export const shownLooks = () => ({size: shown('size', current.selection.size), ring: shown('ring', current.selection.ring)});
/** Of how many images effects are means, in words. */
const tellImages = () => (current.run.effect_images ? `, over ${current.run.effect_images} images of the class at most` : '');
/** What area or ring means, in words. */
export const tellLook = (look, number = shownLooks()[look]) => {
  if (number === 'plain') return 'Rings show no number.';
  const text = `${NUMBERS[number].text}${number === 'effect' ? tellImages() : ''}`;
  if (look === 'size') return `Size: the area is ${text}${number === 'effect' ? '; smallest where it does not fall' : ''}.`;
  return `Ring: the stronger the colour, the greater ${text}${number === 'effect' ? '; dashed where it rises' : ''}.`;
};
/** The numbers that area and ring of a node show, other than the images that use it. */
export const tellNumbers = (node) => {
  const {size, ring} = shownLooks();
  const names = [...new Set([size, ring])].filter((name) => name === 'pagerank' || name === 'effect');
  return names.map((name) => `${NUMBERS[name].name} ${(name === 'effect' ? node.effect : node.score) ?? 'unknown'}`);
};

const buildItem = (look, number) => {
  const states = {type: 'button', role: 'menuitemradio', tabindex: -1, class: 'color-item', [`data-${look}`]: number};
  const choose = () => has(look, number) && dispatch({[look]: number});
  return h('button', {...states, onclick: choose}, h('span', {class: 'color-mark'}), number === 'plain' ? 'nothing' : NUMBERS[number].name);
};
const buildGroup = (look) => {
  const {title, numbers} = LOOKS[look];
  const head = h('p', {class: 'menu-head', 'aria-hidden': 'true'}, title);
  return h('div', {role: 'group', 'aria-label': title}, head, ...numbers.map((number) => buildItem(look, number)));
};
/** Builds the button and the menu of what channels show; what cannot be chosen says why. */
export const buildLooks = () => {
  owner = buildMenu({name: 'Size and colour of the channels', look: 'size', items: Object.keys(LOOKS).map(buildGroup), onOpen: showLooks});
  return owner;
};
const showItem = (item, look) => {
  const number = item.dataset[look];
  const missing = has(look, number) ? '' : NUMBERS[number].missing;
  item.setAttribute('aria-checked', String(number === shownLooks()[look]));
  item.setAttribute('data-tip', missing || tellLook(look, number));
  if (missing) item.setAttribute('aria-disabled', 'true');
  else item.removeAttribute('aria-disabled');
};
/** Marks what is chosen and what can be; a comparison has no choice. */
export const showLooks = () => {
  const context = getContext();
  const {size, ring} = shownLooks();
  owner.hidden = Boolean(context && context.comparison);
  Object.keys(LOOKS).forEach((look) => owner.querySelectorAll(`[data-${look}]`).forEach((item) => showItem(item, look)));
  const opener = owner.querySelector('.icon-button');
  opener.classList.toggle('is-set', size !== 'count' || ring !== 'plain');
  const colored = ring === 'plain' ? '' : `; rings by ${NUMBERS[ring].name}`;
  opener.setAttribute('data-tip', `Size of the channels: by ${NUMBERS[size].name}${colored}`);
};
