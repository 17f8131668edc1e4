// @ts-check
/* Find in the graph: a field that finds a channel that is shown by its number, its label or the class that it stands for. */
import {h} from '../dom.js';
import {plural} from '../format.js';
import {channels} from '../model/channels.js';
import {buildCombobox} from '../widgets/combobox.js';
import {focusPart} from '../widgets/focus.js';
import {buildPopover} from '../widgets/popover.js';
import {lightNode, open, unlight} from './graph_hover.js';
import {getScene, nameOf, shownOf} from './graph_scene.js';
import {reveal} from './graph_viewport.js';

const MOST = 50;
let popover = null;

const listNodes = () => {
  const once = new Map(getScene() ? shownOf(getScene().nodes).map((each) => [each.node.id, each]) : []);
  return [...once.values()].sort((a, b) => a.node.y - b.node.y || a.node.x - b.node.x);
};
/** The channels that match, the one of exactly this number first. */
const find = (text) => {
  const isExact = ({node}) => Number(String(node.channel) === text.trim());
  const found = listNodes().filter((each) => channels.matches(each.node.layer, each.node.channel, nameOf(each.node), text));
  return found.sort((a, b) => isExact(b) - isExact(a)).slice(0, MOST);
};
const describe = (each) => ({
  attributes: {},
  children: [each.node.id, nameOf(each.node) && h('span', {class: 'row-label'}, nameOf(each.node))],
});
/** Lights what the list is at, so that one sees where it is. */
const point = (each) => {
  if (!each) return unlight();
  reveal(each);
  lightNode(each, false);
};
const take = (each) => {
  focusPart('graph-channels');
  popover.setOpen(false);
  open(each);
};
export const buildFind = () => {
  const tellNone = (text) => `None of the ${plural(listNodes().length, 'channel')} shown matches “${text.trim()}”.`;
  const leave = () => popover.setOpen(false);
  const names = {id: 'find', label: 'Find a channel in the graph', hint: 'number or label', find, describe, tellNone, take, leave, point};
  const {input, list, search, close} = buildCombobox(names);
  list.classList.add('picker-list');
  input.addEventListener('focus', () => search(input.value));
  const clear = () => {
    input.value = '';
    close();
    unlight();
  };
  const content = h('div', {class: 'picker-field'}, input, list);
  popover = buildPopover({name: 'Find a channel', tip: 'Find a channel  f', look: 'search', className: 'find', content, onClose: clear});
  return popover.element;
};
export const openFind = () => popover && popover.element.offsetParent && popover.setOpen(true);
