// @ts-check
/* What the class loses without the channel alone: as the run has it, or measured by a button where the server has the model. */
import {cancelMeasuring, canMeasure, findAlone, findMeasuring, measureAlone} from '../alone.js';
import * as current from '../current.js';
import {h} from '../dom.js';
import {channelId, plural} from '../format.js';
import {tellMeasuring, toAlone} from '../model/proof.js';
import {heading, problemLine} from './channel_parts.js';

const TIP =
  'The channel has its mean over images in place of its values, in images of the class. Positive losses mean that the class needs it. In brackets: 95 % interval.';
const HOW = 'The first images of the class are run without the channel, and untouched.';
const GOES_ON = 'It goes on while you look at other channels, classes and pages.';

/** The ids of the channels of a graph, with what the run knows of each. */
const readGraph = ({nodes}) => {
  const ids = nodes ? nodes.channel.map((channel, place) => channelId(current.run.layers[nodes.layer[place]].layer, channel)) : [];
  return new Map(ids.map((id, place) => [id, (nodes.alone && nodes.alone[place]) || null]));
};
const sentence = (lost) => {
  const words = toAlone(lost).replace('without this channel alone: ', '');
  return h('p', {class: 'alone-lost', role: 'status'}, words);
};
const button = (words, does, tip) => h('button', {type: 'button', class: 'tool', 'data-tip': tip, onclick: does}, words);

/** Builds what is shown while channels are measured: one element for all its time, so that the focus stays. */
const buildBar = (classId) => {
  const words = h('p', {class: 'muted', role: 'status'}); /* without a tip: it would cover the bar, where the pointer still is */
  const bar = h('progress', {max: '1', 'aria-label': 'Channels measured'});
  const tools = h(
    'div',
    {class: 'alone-tools'},
    button('Cancel', () => cancelMeasuring(classId), 'What is measured stays.'),
  );
  const element = h('div', {class: 'alone-measuring'}, words, bar, tools);
  const update = (task) => {
    const said = tellMeasuring(task);
    if (words.textContent !== said) words.textContent = said;
    bar.value = (task.nDone + task.nNow) / task.keys.size;
  };
  return {element, update};
};

let refresh = () => {};
['summit-measuring', 'summit-alone'].forEach((name) => document.addEventListener(name, () => refresh()));

export const emptyAlone = () => h('section', {class: 'alone', hidden: true});
/** Fills the section of a channel in one class; it stays away where nothing is known and nobody may ask. */
export const fillAlone = (section, {layer, channel}, {info}, graph) => {
  const id = channelId(layer, channel);
  const inGraph = readGraph(graph);
  const bar = buildBar(info.id);
  let shown = '';
  /** Fills the section where something else is to be shown, and keeps the focus in it. */
  const show = (signature, build) => {
    if (signature === shown) return;
    shown = signature;
    const focused = section.contains(document.activeElement) ? document.activeElement : null;
    section.hidden = false;
    section.replaceChildren(heading('Without this channel alone', TIP), ...build().filter(Boolean));
    if (focused) (section.contains(focused) ? focused : section.querySelector('button'))?.focus();
  };
  const buildButtons = (isKnown, missing) => {
    const whole = missing.length > 1 || (isKnown && missing.length) ? missing : [];
    const tip = `${HOW} Each alone; the cards in the graph then say it. ${GOES_ON}`;
    const ofGraph = `Measure ${plural(whole.length, 'channel')} of the graph`;
    const buttons = [
      isKnown ? null : button('Measure', () => measureAlone(info.id, [id]), HOW),
      whole.length ? button(ofGraph, () => measureAlone(info.id, whole), tip) : null,
    ];
    return buttons.some(Boolean) ? h('div', {class: 'alone-tools'}, buttons) : null;
  };
  const draw = () => {
    const lost = inGraph.get(id) || findAlone(info.id, id);
    const task = findMeasuring(info.id);
    if (!lost && !canMeasure()) return;
    const isMeasured = (each) => inGraph.get(each) || findAlone(info.id, each) || (task && !task.problem && task.keys.has(each));
    const missing = canMeasure() ? [...inGraph.keys()].filter((each) => !isMeasured(each)) : [];
    const problem = task && task.problem;
    const isRunning = task && !problem;
    if (isRunning) bar.update(task);
    show(JSON.stringify([lost, missing.length, isMeasured(id), isRunning, problem]), () => [
      lost && sentence(lost),
      isRunning && bar.element,
      problem && problemLine(problem),
      canMeasure() && buildButtons(Boolean(isMeasured(id)), missing),
    ]);
  };
  refresh = () => section.isConnected && draw();
  draw();
};
