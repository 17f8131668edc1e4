// @ts-check
/* What the class loses without the channel alone: as the run has it, or measured by a button where the server has the model. */
import {canMeasure, findAlone, measureAlone} from '../alone.js';
import * as current from '../current.js';
import {h} from '../dom.js';
import {channelId, plural} from '../format.js';
import {tellMeasuring, toAlone} from '../model/proof.js';
import {heading, problemLine} from './channel_parts.js';

const TIP =
  'The channel has its mean over images in place of its values, in images of the class. Positive losses mean that the class needs it. In brackets: 95 % interval.';
const HOW = 'The first images of the class are run without the channel, and untouched.';

/** The ids of the channels of a graph, with what the run knows of each. */
const readGraph = ({nodes}) => {
  const ids = nodes ? nodes.channel.map((channel, place) => channelId(current.run.layers[nodes.layer[place]].layer, channel)) : [];
  return new Map(ids.map((id, place) => [id, (nodes.alone && nodes.alone[place]) || null]));
};
const sentence = (lost) => {
  const words = toAlone(lost).replace('without this channel alone: ', '');
  return h('p', {class: 'alone-lost', role: 'status'}, words);
};

export const emptyAlone = () => h('section', {class: 'alone', hidden: true});
/** Fills the section of a channel in one class; it stays away where nothing is known and nobody may ask. */
export const fillAlone = (section, {layer, channel}, {info}, graph) => {
  const id = channelId(layer, channel);
  const inGraph = readGraph(graph);
  const show = (...parts) => {
    section.hidden = false;
    section.replaceChildren(heading('Without this channel alone', TIP), ...parts);
  };
  const measure = (channels) =>
    measureAlone(info.id, channels, (state) => {
      if (!section.isConnected) return false;
      if (state.problem) showChoice(problemLine(state.problem));
      else if (state.result) showKnown();
      else if (state.is_over) showChoice(h('p', {class: 'muted', role: 'status'}, tellMeasuring(state)));
      else showBar(state);
      return true;
    });
  const showBar = (state) => {
    const share = state.n_total > 0 ? state.n_done / state.n_total : 0;
    show(h('p', {class: 'muted', role: 'status'}, tellMeasuring(state)), h('progress', {max: '1', value: String(share)}));
  };
  const button = (words, channels, tip) =>
    h('button', {type: 'button', class: 'tool', 'data-tip': tip, onclick: () => measure(channels)}, words);
  const buttons = () => {
    const missing = [...inGraph.keys()].filter((each) => !inGraph.get(each) && !findAlone(info.id, each));
    const isKnown = inGraph.get(id) || findAlone(info.id, id);
    const whole = missing.length > 1 || (isKnown && missing.length) ? missing : [];
    return canMeasure()
      ? h(
          'div',
          {class: 'alone-tools'},
          isKnown ? null : button('Measure', [id], HOW),
          whole.length
            ? button(
                `Measure ${plural(whole.length, 'channel')} of the graph`,
                whole,
                `${HOW} Each alone; the cards in the graph then say it.`,
              )
            : null,
        )
      : null;
  };
  const showChoice = (...parts) => show(...parts, buttons());
  const showKnown = () => {
    const lost = inGraph.get(id) || findAlone(info.id, id);
    if (lost) show(sentence(lost), buttons());
    else if (canMeasure()) show(buttons());
  };
  showKnown();
};
