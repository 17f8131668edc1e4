// @ts-check
/* One channel: its pictures, its label, what it does in the class, what drives it, what it drives, who uses it. */
import * as current from '../current.js';
import {load} from '../data.js';
import {action, emptyState, h, icon} from '../dom.js';
import {channelId} from '../format.js';
import {changed, view} from '../views.js';
import {returnFocus, takeFocus} from '../widgets/focus.js';
import {emptyAlone, fillAlone} from './channel_alone.js';
import {emptyEnds, fillClasses, fillEnds} from './channel_ends.js';
import {examplesSection, fillExamples, hideZoom} from './channel_examples.js';
import {fillIdentity, identity} from './channel_identity.js';
import {outputOf} from '../labels.js';
import {labelField, showLabel, suggestLabel} from './channel_label.js';
import {problemLine, skeletonRows} from './channel_parts.js';

const VIEWS = ['graph', 'compare', 'channels', 'images'];
const panel = () => document.getElementById('panel');
let drawing = 0;

// --- what is shown ------------------------------------------------------------------------------------------------
/** What is wrong with the layer or channel that a link names; null where nothing is. */
const findProblem = ({layer, channel, unread}) => {
  const info = current.run.layerByName.get(layer);
  const names = current.run.layers.map((each) => each.layer).join(', ');
  const asked = unread.channel === undefined ? channel : unread.channel;
  if (info && typeof asked === 'number' && asked < info.n_channels) return null;
  const [rule, found] = info
    ? [`A channel of ${layer} is a number from 0 to ${info.n_channels - 1}.`, `channel=${asked}`]
    : [`A channel belongs to one of the layers ${names}.`, `layer=${layer}`];
  return {rule, found: `The link says ${found}.`, fix: info ? 'Click a node of the graph.' : 'Choose a layer or a node of the graph.'};
};
/** The classes shown: one, or A and B; B only where it is of this run. */
const shownClasses = ({view, class_id, vs, vs_run}) => {
  const isTwo = view === 'compare' && vs !== null && (!vs_run || vs_run === current.run.name);
  const infos = (isTwo ? [class_id, vs] : [class_id]).map((id) => current.run.classById.get(id)).filter(Boolean);
  return infos.map((info, place) => ({info, letter: infos.length > 1 ? 'AB'[place] : ''}));
};
const isOpen = (selection) =>
  VIEWS.includes(selection.view) && selection.panel === 'channel' && (selection.channel !== null || 'channel' in selection.unread);

// --- head ---------------------------------------------------------------------------------------------------------
const pinButton = (selection, id) => {
  const isPinned = selection.pins.includes(id);
  const pins = isPinned ? selection.pins.filter((each) => each !== id) : [...selection.pins, id];
  const tip = isPinned ? 'Show the whole graph again' : 'Pin: draw only what is connected with this channel';
  const names = {'aria-pressed': String(isPinned), 'aria-label': 'Pin the channel', 'data-tip': tip};
  return action({pins}, {class: 'icon-button small pin', ...names}, icon('pin'));
};
const head = (selection, title) => {
  const pin =
    title && !['channels', 'images'].includes(selection.view) && pinButton(selection, channelId(selection.layer, selection.channel));
  const names = {class: 'icon-button small', 'aria-label': 'Close the channel', 'data-tip': 'Close  Esc'};
  const buttons = h('div', {class: 'panel-buttons'}, pin, action({channel: null}, names, icon('close')));
  return h('div', {class: 'panel-head'}, title || h('h2', {tabindex: -1}, 'Channel'), buttons);
};
const title = ({layer, channel}) =>
  h(
    'h2',
    {tabindex: -1, 'data-tip': 'Layer and channel'},
    h('span', {class: 'muted'}, layer),
    h('span', {}, `-${channel}`),
    outputOf(layer, channel) && h('span', {class: 'output-name'}, outputOf(layer, channel)),
  );

// --- the whole ----------------------------------------------------------------------------------------------------
const draw = async (selection) => {
  const turn = ++drawing;
  const {layer, channel} = selection;
  const classes = shownClasses(selection);
  const who = identity();
  const examples = examplesSection();
  const ends = classes.length ? emptyEnds(selection) : h('section', {class: 'ends'});
  const alone = emptyAlone();
  const rows = skeletonRows(Math.min(12, current.run.classes.length), 'row slim');
  const users = h('section', {}, h('h3', {}, 'Classes that use it most'), rows);
  const body = h('div', {class: 'panel-body', tabindex: -1}, labelField(selection), who, alone, examples, ends, users);
  panel().replaceChildren(head(selection, title(selection)), body);
  showLabel(panel());
  const key = `channel/${layer}/${channel}`;
  const [facts, graph, ...inClass] = await Promise.all([
    load(key),
    classes.length && current.run.has.graphs ? load(`class/${classes[0].info.id}`) : {},
    ...classes.map(({info}) => load(`class/${info.id}/${key}`)),
  ]);
  if (turn !== drawing) return;
  if (facts.problem) {
    body.replaceChildren(emptyState(facts.problem));
    return;
  }
  suggestLabel(panel(), facts.suggestion);
  fillIdentity(who, selection, facts, classes, inClass);
  if (classes.length === 1 && !graph.problem) fillAlone(alone, selection, classes[0], graph);
  const byOwner = new Map([['all', facts.examples]]);
  classes.forEach(({info}, place) => byOwner.set(info.id, inClass[place].examples));
  fillExamples(examples, selection, classes, byOwner);
  if (classes.length && inClass[0].problem) ends.replaceChildren(problemLine(inClass[0].problem));
  else if (classes.length) fillEnds(ends, selection, inClass[0], classes[0], graph);
  fillClasses(users, selection, facts);
  panel().dataset.channel = channelId(layer, channel);
};

// --- focus: into the panel where a key opened it, back to where it was ---------------------------------------------
let byKeyboard = false;
document.addEventListener('keydown', () => (byKeyboard = true), true);
document.addEventListener('pointerdown', () => (byKeyboard = false), true);
const moveFocus = (wasOpen, hadFocus) => {
  if (!byKeyboard || (wasOpen && !hadFocus)) return;
  const title = panel().querySelector('h2');
  if (wasOpen) title.focus({preventScroll: true});
  else takeFocus('channel', title);
};
const close = () => {
  drawing += 1;
  const hadFocus = panel().contains(document.activeElement) || document.activeElement === document.body;
  hideZoom();
  panel().hidden = true;
  delete panel().dataset.channel;
  panel().replaceChildren();
  if (hadFocus && byKeyboard) returnFocus('channel');
};

view('channel_panel', (asked, before) => {
  const selection = {...asked, layer: asked.channel_layer}; /* what is below is about the channel */
  if (!isOpen(selection)) {
    if (!panel().hidden) close();
    return;
  }
  const wasOpen = !panel().hidden;
  const inside = document.activeElement;
  const hadFocus = panel().contains(inside);
  const problem = findProblem(selection);
  if (
    wasOpen &&
    !problem &&
    before &&
    !changed(selection, before, 'class_id', 'vs', 'vs_run', 'channel_layer', 'channel', 'view', 'unread')
  ) {
    const pin = panel().querySelector('.pin');
    if (pin && changed(selection, before, 'pins')) {
      const again = pinButton(selection, channelId(selection.layer, selection.channel));
      pin.replaceWith(again);
      if (inside === pin) again.focus();
    }
    return;
  }
  hideZoom();
  panel().hidden = false;
  delete panel().dataset.channel;
  if (problem) {
    drawing += 1;
    panel().replaceChildren(head(selection, null), emptyState(problem));
  } else draw(selection);
  moveFocus(wasOpen, hadFocus);
});
document.addEventListener('summit-labels', () => {
  if (current.selection && !panel().hidden) showLabel(panel());
});
