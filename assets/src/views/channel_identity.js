// @ts-check
/* What a channel looks like and what is true of it: portrait, other visualizations, facts. */
import * as current from '../current.js';
import {h, term} from '../dom.js';
import {channelId, count, of, percent} from '../format.js';
import {picture, visualization} from '../pictures.js';
import {channelPicture, figure, skeleton, skeletons} from './channel_parts.js';

const EXAMPLE = 2; /* payloads/of_class.py: a dataset example stands for the channel */
const DIVERSE = 'One of four images optimised together to excite the channel in different ways.';
const KINDS = [
  {kind: 'channel', name: 'visualization', meaning: 'Feature visualization: an image optimised to excite the channel.'},
  ...[1, 2, 3, 4].map((n) => ({kind: `diversity-${n - 1}`, name: `diverse ${n}`, meaning: DIVERSE})),
  {kind: 'neuron', name: 'neuron', meaning: 'An image optimised to excite the channel at the middle position only.'},
  {kind: 'negative', name: 'negative', meaning: 'An image optimised to make the channel as negative as possible.'},
];

export const DEAD_TIP = 'Drawing it was tried: no picture excited the channel more than the noise that it began with.';

// --- portrait, other pictures, facts ------------------------------------------------------------------------------
/** The words below the portrait, and their meaning. */
const tellPortrait = ({kind, name, meaning}, facts, isExample) => {
  if (kind !== 'channel') return [`feature visualization, ${name}`, meaning];
  if (facts.found_dead && isExample) return ['example, visualization dead', `${DEAD_TIP} This is the best dataset example.`];
  if (facts.found_dead) return ['dead: no picture', DEAD_TIP];
  if (isExample) return ['example, no visualization', 'Best dataset example: this run holds no feature visualization of the channel.'];
  return [facts.picture ? 'feature visualization' : 'no picture in this run', meaning];
};
const setPortrait = (identity, {layer, channel}, shown, facts) => {
  const {kind} = shown;
  const isExample = facts.picture === EXAMPLE && kind === 'channel';
  const picture =
    kind === 'channel'
      ? channelPicture(layer, channel, facts.picture, 'portrait')
      : h('span', {class: 'portrait picture'}, h('img', {src: visualization(layer, channel, kind), alt: ''}));
  const img = picture.querySelector('img');
  if (img) img.alt = `${isExample ? 'Best dataset example' : 'Feature visualization'} of ${channelId(layer, channel)}`;
  const [words, tip] = tellPortrait(shown, facts, isExample);
  identity
    .querySelector('.portrait-frame')
    .replaceChildren(picture, term(words, tip, {className: 'caption', entry: isExample ? 'dataset-example' : 'feature-visualization'}));
  identity.querySelectorAll('.kind').forEach((button) => button.setAttribute('aria-pressed', String(button.dataset.kind === kind)));
};
const kindButton = (identity, selection, facts, shown) => {
  const {kind, name, meaning} = shown;
  const {layer, channel} = selection;
  const names = {'data-kind': kind, 'aria-label': name, 'data-tip': `${name}. ${meaning}`, 'aria-pressed': 'false'};
  const src = kind === 'channel' ? picture(layer, channel) : visualization(layer, channel, kind);
  return h(
    'button',
    {type: 'button', class: 'kind picture', ...names, onclick: () => setPortrait(identity, selection, shown, facts)},
    h('img', {src, alt: '', decoding: 'async'}),
  );
};
const useLine = ({info, letter}, count) => {
  const badge = letter && [h('span', {class: `badge badge-${letter.toLowerCase()}`}, letter), ' '];
  const tip = 'Images of the class among whose strongest channels of the layer this one is.';
  const share = h('b', {}, percent(info.n ? count / info.n : null));
  const images = h('span', {class: 'muted'}, `${of(count, info.n)} images`);
  return h('p', {class: 'use', 'data-tip': tip}, badge, `${info.name}: `, share, h('br'), images);
};
const line = (tip, ...words) => h('p', {'data-tip': tip}, words);
const flag = (name, tip, about = {}) => h('p', {}, term(name, tip, {className: 'flag', ...about}));
const isKnown = (value) => value !== null && value !== undefined;
const factLines = (facts, classes, inClass) => {
  const images = count(current.run.facts.n_images);
  const share = percent(facts.activation_fraction);
  return [
    facts.n_graphs !== null &&
      h('p', {class: 'in-graphs'}, 'in the graphs of ', h('b', {}, of(facts.n_graphs, current.run.classes.length)), ' classes'),
    classes.map((each, place) => isKnown(inClass[place].count) && useLine(each, inClass[place].count)),
    isKnown(facts.max_activation) &&
      line(
        `Greatest activation over all ${images} images, in the layer's own unit.`,
        'max activation ',
        h('b', {}, figure(facts.max_activation)),
      ),
    isKnown(facts.excitation) &&
      line(
        'How strongly the feature visualization excites the channel, as a multiple of the best image of the dataset.',
        'picture ',
        h('b', {}, `${figure(facts.excitation)} times`),
        ' as strong as the best image',
      ),
    facts.found_dead && h('p', {class: 'found-dead', 'data-tip': DEAD_TIP}, 'dead: the objective never rose above its start; no picture'),
    facts.is_dead && flag('dead', `It never exceeded 0 on any of ${images} images.`, {entry: 'dead-channel'}),
    facts.is_outlier && flag('outlier', `Among the strongest channels of ${share} of all images, so it tells little about any class.`),
  ]
    .flat()
    .filter(Boolean);
};
export const identity = () => {
  const portrait = h('div', {class: 'portrait-frame'}, skeleton('portrait'), h('span', {class: 'caption'}, '\u00a0'));
  const n = current.run.kinds.length;
  const kinds = n > 1 && h('div', {class: 'kinds', role: 'group', 'aria-label': 'Feature visualizations'}, skeletons(n, 'kind'));
  return h('div', {class: 'identity'}, portrait, h('div', {class: 'identity-facts'}, skeletons(3, 'line')), kinds);
};
export const fillIdentity = (element, selection, facts, classes, inClass) => {
  const kinds = KINDS.filter(({kind}) => facts.kinds.includes(kind));
  const row = element.querySelector('.kinds');
  if (row) row.replaceChildren(...(kinds.length > 1 ? kinds.map((kind) => kindButton(element, selection, facts, kind)) : []));
  element.querySelector('.identity-facts').replaceChildren(...factLines(facts, classes, inClass));
  setPortrait(element, selection, KINDS[0], facts);
};
