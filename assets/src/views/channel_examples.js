// @ts-check
/* The dataset examples of a channel, over all classes or of one; larger under the pointer. */
import * as current from '../current.js';
import {h, term} from '../dom.js';
import {plural} from '../format.js';
import {exampleImage} from '../pictures.js';
import {moveBeside} from '../widgets/place.js';
import {buildSegments, pressSegment} from '../widgets/segments.js';
import {figure, muted, skeletons} from './channel_parts.js';

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
  const shows = {onmouseenter: showZoom, onfocus: showZoom, onmouseleave: hideZoom, onblur: hideZoom};
  return h('span', {class: 'picture', role: 'img', tabindex: 0, 'aria-label': words, ...shows}, image);
};
const fill = (section, selection, byOwner) => {
  const examples = byOwner.get(owner) || byOwner.get('all');
  const n = examples.rank.length;
  const whose = owner === 'all' ? 'over all classes' : `of ${current.run.classById.get(owner).name}`;
  const tip = `Crops of the images that excite the channel most, ${whose}, strongest first.`;
  const none = muted('This run holds none for the channel.');
  const pictures = examples.rank.map((_, place) => example(selection, examples, place));
  section.querySelector('.heading-words').replaceChildren(term(plural(n, 'dataset example'), tip));
  section.querySelector('.examples').replaceChildren(...(n ? pictures : [none]));
  pressSegment(section.querySelector('.owners'), owner);
};
/** The switch between the examples of all classes, and those of each class that is shown. */
const buildOwners = (section, selection, classes, byOwner) => {
  const choices = [['all', 'All classes'], ...classes.map(({info, letter}) => [info.id, letter || 'This class', info.name])];
  const describe = ([id, text, tip]) => {
    const isEmpty = !byOwner.get(id) || !byOwner.get(id).rank.length;
    const choose = () => {
      owner = id;
      fill(section, selection, byOwner);
    };
    const why = isEmpty && id !== 'all' ? 'This run keeps no examples of the class for this channel.' : tip;
    return {name: id, text, 'data-owner': id, 'data-tip': why, 'aria-disabled': isEmpty && 'true', onclick: isEmpty ? null : choose};
  };
  return buildSegments('Whose examples', choices.map(describe), {class: 'segments owners'});
};
/** Fills the section with the examples of each owner; a class that is no longer shown hands over to the one that is. */
export const fillExamples = (section, selection, classes, byOwner) => {
  if (owner !== 'all' && !byOwner.has(owner)) owner = classes.length === 1 ? classes[0].info.id : 'all';
  if (owner !== 'all' && !(byOwner.get(owner) || {rank: []}).rank.length) owner = 'all';
  section.querySelector('.owners').replaceWith(buildOwners(section, selection, classes, byOwner));
  fill(section, selection, byOwner);
};
export const examplesSection = () => {
  const owners = buildSegments('Whose examples', [], {class: 'segments owners'});
  const title = h('h3', {}, h('span', {class: 'heading-words'}, 'Dataset examples'), owners);
  return h('section', {class: 'panel-examples'}, title, h('div', {class: 'examples'}, skeletons(10, 'picture')));
};
