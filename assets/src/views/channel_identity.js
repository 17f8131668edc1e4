/* What a channel looks like and what is true of it: portrait, other visualizations, facts. */
import * as current from '../current.js';
import {h} from '../dom.js';
import {channelId, count, of, percent} from '../format.js';
import {picture, visualization} from '../pictures.js';
import {channelPicture, figure, skeleton} from './channel_parts.js';

const EXAMPLE = 2; /* payloads/of_class.py: a dataset example stands for the channel */
const KINDS = [
  ['channel', 'visualization', 'Feature visualization: an image optimised to excite the channel.'],
  ['diversity-0', 'diverse 1', 'One of four images optimised together to excite the channel in different ways.'],
  ['diversity-1', 'diverse 2', 'One of four images optimised together to excite the channel in different ways.'],
  ['diversity-2', 'diverse 3', 'One of four images optimised together to excite the channel in different ways.'],
  ['diversity-3', 'diverse 4', 'One of four images optimised together to excite the channel in different ways.'],
  ['neuron', 'neuron', 'An image optimised to excite the channel at the middle position only.'],
  ['negative', 'negative', 'An image optimised to make the channel as negative as possible.'],
];

export const DEAD_TIP = 'Drawing it was tried: no picture excited the channel more than the noise that it began with.';

// --- portrait, other pictures, facts ------------------------------------------------------------------------------
const caption = (text, tip) => h('span', {class: 'caption', 'data-tip': tip}, text);
const setPortrait = (identity, selection, kind, facts) => {
  const {layer, channel} = selection;
  const [, , meaning] = KINDS.find(([name]) => name === kind);
  const isExample = facts.picture === EXAMPLE && kind === 'channel';
  const picture =
    kind === 'channel'
      ? channelPicture(layer, channel, facts.picture, 'portrait')
      : h('span', {class: 'portrait picture'}, h('img', {src: visualization(layer, channel, kind), alt: ''}));
  const img = picture.querySelector('img');
  if (img) img.alt = `${isExample ? 'Best dataset example' : 'Feature visualization'} of ${channelId(layer, channel)}`;
  const isDead = facts.found_dead && kind === 'channel';
  const words = isDead
    ? caption(
        isExample ? 'example, visualization dead' : 'dead: no picture',
        DEAD_TIP + (isExample ? ' This is the best dataset example.' : ''),
      )
    : isExample
      ? caption('example, no visualization', 'Best dataset example: this run holds no feature visualization of the channel.')
      : caption(
          kind === 'channel'
            ? facts.picture
              ? 'feature visualization'
              : 'no picture in this run'
            : `feature visualization, ${KINDS.find(([name]) => name === kind)[1]}`,
          meaning,
        );
  identity.querySelector('.portrait-frame').replaceChildren(picture, words);
  identity.querySelectorAll('.kind').forEach((button) => button.setAttribute('aria-pressed', String(button.dataset.kind === kind)));
};
const kindButton = (identity, selection, facts, [kind, name, meaning]) =>
  h(
    'button',
    {
      type: 'button',
      class: 'kind picture',
      'data-kind': kind,
      'aria-label': name,
      'data-tip': `${name}. ${meaning}`,
      'aria-pressed': 'false',
      onclick: () => setPortrait(identity, selection, kind, facts),
    },
    h('img', {
      src: kind === 'channel' ? picture(selection.layer, selection.channel) : visualization(selection.layer, selection.channel, kind),
      alt: '',
      decoding: 'async',
    }),
  );
const useLine = ({info, letter}, count) => {
  const badge = letter && h('span', {class: `badge badge-${letter.toLowerCase()}`}, letter);
  const tip = 'Images of the class among whose strongest channels of the layer this one is.';
  const share = info.n ? count / info.n : null;
  return h(
    'p',
    {class: 'use', 'data-tip': tip},
    badge,
    badge && ' ',
    `${info.name}: `,
    h('b', {}, percent(share)),
    h('br'),
    h('span', {class: 'muted'}, `${of(count, info.n)} images`),
  );
};
const factLines = (facts, classes, inClass) => {
  const lines = [];
  if (facts.n_graphs !== null)
    lines.push(h('p', {class: 'in-graphs'}, 'in the graphs of ', h('b', {}, of(facts.n_graphs, current.run.classes.length)), ' classes'));
  classes.forEach((each, place) => {
    const {count} = inClass[place];
    if (count !== null && count !== undefined) lines.push(useLine(each, count));
  });
  if (facts.max_activation !== undefined)
    lines.push(
      h(
        'p',
        {'data-tip': `Greatest activation over all ${count(current.run.facts.n_images)} images, in the layer's own unit.`},
        'max activation ',
        h('b', {}, figure(facts.max_activation)),
      ),
    );
  if (facts.excitation !== null && facts.excitation !== undefined)
    lines.push(
      h(
        'p',
        {'data-tip': 'How strongly the feature visualization excites the channel, as a multiple of the best image of the dataset.'},
        'picture excites ',
        h('b', {}, `${figure(facts.excitation)} ×`),
        ' the best image',
      ),
    );
  if (facts.found_dead)
    lines.push(h('p', {class: 'found-dead', 'data-tip': DEAD_TIP}, 'dead: the objective never rose above its start; no picture'));
  if (facts.is_dead)
    lines.push(
      h(
        'p',
        {},
        h(
          'span',
          {class: 'flag', tabindex: 0, 'data-tip': `It never exceeded 0 on any of ${count(current.run.facts.n_images)} images.`},
          'dead',
        ),
      ),
    );
  if (facts.is_outlier)
    lines.push(
      h(
        'p',
        {},
        h(
          'span',
          {
            class: 'flag',
            tabindex: 0,
            'data-tip': `Among the strongest channels of ${percent(facts.activation_fraction)} of all images, so it tells little about any class.`,
          },
          'outlier',
        ),
      ),
    );
  return lines;
};
export const identity = () =>
  h(
    'div',
    {class: 'identity'},
    h('div', {class: 'portrait-frame'}, skeleton('portrait'), h('span', {class: 'caption'}, '\u00a0')),
    h('div', {class: 'identity-facts'}, skeleton('line'), skeleton('line'), skeleton('line')),
    current.run.kinds.length > 1 &&
      h(
        'div',
        {class: 'kinds', role: 'group', 'aria-label': 'Feature visualizations'},
        current.run.kinds.map(() => skeleton('kind')),
      ),
  );
export const fillIdentity = (element, selection, facts, classes, inClass) => {
  const kinds = KINDS.filter(([kind]) => facts.kinds.includes(kind));
  const row = element.querySelector('.kinds');
  if (row) row.replaceChildren(...(kinds.length > 1 ? kinds.map((kind) => kindButton(element, selection, facts, kind)) : []));
  element.querySelector('.identity-facts').replaceChildren(...factLines(facts, classes, inClass));
  setPortrait(element, selection, 'channel', facts);
};
