// @ts-check
/* The strongest sources and targets of a channel, and the classes that use it most. */
import * as current from '../current.js';
import {h, term} from '../dom.js';
import {channelId, count, nameMeasure, of, percent, plural} from '../format.js';
import {labels} from '../labels.js';
import {showFew} from '../widgets/show_all.js';
import {barRow, channelPicture, heading, muted, skeletonRows} from './channel_parts.js';

// --- sources and targets ------------------------------------------------------------------------------------------
/** The measures of influence into layers, each once. */
const measure = (places) => {
  const measures = places.map((place) => current.run.layers[place].measure).filter(Boolean);
  const found = new Map(measures.map((each) => [each.name, each.text]));
  if (!found.size) return null;
  return term([...found.keys()].map(nameMeasure).join(', '), ['How influences are measured', ...new Set(found.values())].join('\n'), {
    className: 'measure',
    entry: 'measure-of-influence',
  });
};
const endRow = (ends, place, info, inGraph) => {
  const {layer} = current.run.layers[ends.layer[place]];
  const channel = ends.channel[place];
  const id = channelId(layer, channel);
  const n = ends.count[place];
  const isOutside = inGraph && !inGraph.has(id);
  const label = labels.nameOf(layer, channel);
  return barRow({
    picture: channelPicture(layer, channel, ends.picture[place], 'thumb'),
    name: [id, label && [' ', h('span', {class: 'row-label'}, label)], isOutside && [' ', h('span', {class: 'outside'}, 'not in graph')]],
    value: count(n),
    fraction: n / Math.max(1, info.n),
    action: {layer, channel},
    tip: `${of(n, info.n)} images${isOutside ? ', not in the graph' : ''}${label ? `\n${label}` : ''}`,
  });
};
const endsSection = ({title: text, meaning, none}, ends, {info, letter}, measured, inGraph) => {
  const tip = `Images in which the ${meaning}; n = ${plural(info.n, 'image')} of ${info.name}.`;
  const rows = ends.channel.map((_, place) => endRow(ends, place, info, inGraph));
  const top = heading(
    {title: text, entry: 'influence'},
    tip,
    h('span', {class: 'n'}, `${letter && `${letter}, `}n = ${plural(info.n, 'image')}`),
  );
  if (measured) top.querySelector('.heading-words').append(measured);
  return [top, rows.length ? h('div', {class: 'rows'}, rows) : muted(none)];
};
const SOURCES = {title: 'Strongest sources', meaning: 'source is among the strongest influences on the channel'};
const TARGETS = {title: 'Strongest targets', meaning: 'channel is among the strongest influences on the target'};
export const fillEnds = (section, selection, inClass, whose, graph) => {
  const {place} = current.run.layerByName.get(selection.layer);
  const inGraph = graph.nodes && new Set(graph.nodes.layer.map((at, i) => channelId(current.run.layers[at].layer, graph.nodes.channel[i])));
  const first = place === 0 ? 'None recorded: this is the first layer.' : 'None recorded.';
  const last = place === current.run.layers.length - 1 ? 'None recorded: this is the last layer.' : 'None recorded.';
  const into = [...new Set(inClass.targets.layer)];
  section.replaceChildren(
    ...endsSection({...SOURCES, none: first}, inClass.sources, whose, measure([place]), inGraph),
    ...endsSection({...TARGETS, none: last}, inClass.targets, whose, measure(into), inGraph),
  );
};
export const emptyEnds = (selection) => {
  const {place} = current.run.layerByName.get(selection.layer);
  const list = (text, has) => [h('h3', {}, text), has ? skeletonRows(10, 'row') : muted('\u00a0')];
  return h('section', {class: 'ends'}, list(SOURCES.title, place > 0), list(TARGETS.title, place < current.run.layers.length - 1));
};

// --- classes ------------------------------------------------------------------------------------------------------
const classRow = (id, n, selection) => {
  const info = current.run.classById.get(id);
  const isThis = id === selection.class_id;
  const mark = info.mark && h('span', {class: 'mark'}, ` ${info.mark}`);
  const name = h('span', {class: `class-name${isThis ? ' this' : ''}`}, info.name, mark);
  return barRow({
    name,
    value: percent(info.n ? n / info.n : null),
    fraction: n / Math.max(1, info.n),
    action: {class_id: id, layer: selection.layer, channel: selection.channel},
    tip: `${info.full}: ${of(n, info.n)} images`,
  });
};
const CLASSES_TIP = 'By the share of their images among whose strongest channels it is.';
const FEW = 12; /* rows at first */
const tellRest = (n, all) =>
  n < all ? `Show the first ${count(n)} of ${plural(all, 'class', 'classes')}` : `Show all ${plural(n, 'class', 'classes')}`;
export const fillClasses = (section, selection, facts) => {
  const rows = facts.uses.class.map((id, place) => classRow(id, facts.uses.count[place], selection));
  const n = h('span', {class: 'n'}, `used by ${of(facts.n_uses, current.run.classes.length)}`);
  section.replaceChildren(
    heading({title: 'Classes that use it most', entry: 'strongest-channels-of-an-image'}, CLASSES_TIP, current.run.has.activations && n),
    ...(rows.length
      ? showFew(h('div', {class: 'rows classes-rows'}), rows, FEW, tellRest(rows.length, facts.n_uses))
      : [muted(current.run.has.activations ? "No class: in no image's set." : 'This run holds no counts of activations.')]),
  );
};
