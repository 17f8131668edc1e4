// @ts-check
/* The dataset examples of a channel, over all classes or of one; larger under the pointer. */
import * as current from '../current.js';
import * as dom from '../dom.js';
import {h} from '../dom.js';
import {exampleImage} from '../pictures.js';
import {moveBeside} from '../widgets/place.js';
import {figure, muted, skeleton} from './channel_parts.js';

let owner = 'all'; /* whose are shown: all classes', or those of the class of an id */
let zoom = null;
export const hideZoom = () => zoom && (zoom.hidden = true);
/** The example under the pointer or the focus, larger, to the left of the panel. */
const showZoom = (event) => {
  const at = event.currentTarget;
  if (!zoom) zoom = document.body.appendChild(h('div', {class: 'example-zoom', 'aria-hidden': 'true'}));
  const image = at.firstElementChild.cloneNode(true);
  if (image.matches('svg')) image.setAttribute('preserveAspectRatio', 'xMidYMid meet');
  zoom.replaceChildren(image, h('span', {}, at.getAttribute('aria-label')));
  zoom.hidden = false;
  const {top, bottom} = at.getBoundingClientRect();
  const {left, right} = document.getElementById('panel').getBoundingClientRect();
  moveBeside(zoom, {left, right, top, bottom}, ['left'], 8);
};
const example = ({layer, channel}, examples, place) => {
  const rank = examples.rank[place];
  const words = `No. ${rank + 1}: image ${examples.image_id[place]}, activation ${figure(examples.activation[place])}`;
  const image = exampleImage({layer, channel, rank, image_id: examples.image_id[place], box: examples.box[place]}, owner);
  return h(
    'span',
    {
      class: 'picture',
      role: 'img',
      tabindex: 0,
      'aria-label': words,
      onmouseenter: showZoom,
      onfocus: showZoom,
      onmouseleave: hideZoom,
      onblur: hideZoom,
    },
    image,
  );
};
const fill = (section, selection, byOwner) => {
  const examples = byOwner.get(owner) || byOwner.get('all');
  const n = examples.rank.length;
  const whose = owner === 'all' ? 'over all classes' : `of ${current.run.classById.get(owner).name}`;
  const term = dom.term(
    `${n} dataset example${n === 1 ? '' : 's'}`,
    `Crops of the images that excite the channel most, ${whose}, strongest first.`,
  );
  section.querySelector('.heading-words').replaceChildren(term);
  section
    .querySelector('.examples')
    .replaceChildren(
      ...(n ? examples.rank.map((_, place) => example(selection, examples, place)) : [muted('This run holds none for the channel.')]),
    );
  section
    .querySelectorAll('.segment')
    .forEach((button) => button.setAttribute('aria-pressed', String(button.dataset.owner === String(owner))));
};
const ownerSwitch = (section, selection, classes, byOwner) => {
  const choices = [['all', 'All classes'], ...classes.map(({info, letter}) => [info.id, letter || 'This class', info.name])];
  return choices.map(([id, text, name]) => {
    const isEmpty = !byOwner.get(id) || !byOwner.get(id).rank.length;
    const tip = isEmpty && id !== 'all' ? 'This run keeps no examples of the class for this channel.' : name;
    const choose = () => {
      if (isEmpty) return;
      owner = id;
      fill(section, selection, byOwner);
    };
    return h(
      'button',
      {type: 'button', class: 'segment', 'data-owner': id, 'data-tip': tip, 'aria-disabled': isEmpty && 'true', onclick: choose},
      text,
    );
  });
};
/** Fills the section with the examples of each owner; a class that is no longer shown hands over to the one that is. */
export const fillExamples = (section, selection, classes, byOwner) => {
  if (owner !== 'all' && !byOwner.has(owner)) owner = classes.length === 1 ? classes[0].info.id : 'all';
  if (owner !== 'all' && !(byOwner.get(owner) || {rank: []}).rank.length) owner = 'all';
  section.querySelector('.owners').replaceChildren(...ownerSwitch(section, selection, classes, byOwner));
  fill(section, selection, byOwner);
};
export const examplesSection = () =>
  h(
    'section',
    {class: 'panel-examples'},
    h(
      'h3',
      {},
      h('span', {class: 'heading-words'}, 'Dataset examples'),
      h('span', {class: 'segments owners', role: 'group', 'aria-label': 'Whose examples'}),
    ),
    h(
      'div',
      {class: 'examples'},
      Array.from({length: 10}, () => skeleton('picture')),
    ),
  );
