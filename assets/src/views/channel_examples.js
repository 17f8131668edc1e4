// @ts-check
/* The dataset examples of a channel, over all classes or of one; larger under the pointer. */
import * as current from '../current.js';
import {h, term} from '../dom.js';
import {plural} from '../format.js';
import {dispatch} from '../selection.js';
import {changed, view} from '../views.js';
import {moveBeside} from '../widgets/place.js';
import {buildSegments, pressSegment} from '../widgets/segments.js';
import {muted, skeletons} from './channel_parts.js';
import {exampleButton, tellExample} from './example.js';

let owner = 'all'; /* whose are shown: all classes', or those of the class of an id */
let shown = null; /* the arrays of these */
let refill = null; /* shows them again, for another owner */
let zoom = null;
export const hideZoom = () => zoom && (zoom.hidden = true);
/** The example under the pointer or the focus, larger, to the left of the panel. */
const showZoom = (event) => {
  const at = event.currentTarget;
  if (!zoom) zoom = document.body.appendChild(h('div', {class: 'example-zoom', 'aria-hidden': 'true'}));
  const image = at.firstElementChild.cloneNode(true);
  if (image.matches('svg')) image.setAttribute('preserveAspectRatio', 'xMidYMid meet');
  const words = tellExample(shown, Number(at.dataset.place));
  zoom.replaceChildren(image, ...words.map((text) => h('span', {}, text)));
  zoom.hidden = false;
  const {top, bottom} = at.getBoundingClientRect();
  const {left, right} = document.getElementById('panel').getBoundingClientRect();
  moveBeside(zoom, {left, right, top, bottom}, ['left'], 8);
};
const SHOWS = {onmouseenter: showZoom, onfocus: showZoom, onmouseleave: () => hideZoom(), onblur: () => hideZoom()};
const fill = (section, selection, byOwner) => {
  const examples = byOwner.get(owner) || byOwner.get('all');
  const at = {layer: selection.layer, channel: selection.channel, owner};
  shown = examples;
  const n = examples.rank.length;
  const whose = owner === 'all' ? 'over all classes' : `of ${current.run.classById.get(owner).name}`;
  const tip = `Crops of the images that excite the channel most, ${whose}, strongest first.`;
  const none = muted('This run holds none for the channel.');
  const pictures = examples.rank.map((_, place) => exampleButton(at, examples, place, current.run, {'data-place': place, ...SHOWS}));
  section.querySelector('.heading-words').replaceChildren(term(plural(n, 'dataset example'), tip, {entry: 'dataset-example'}));
  section.querySelector('.examples').replaceChildren(...(n ? pictures : [none]));
  pressSegment(section.querySelector('.owners'), owner);
};
/** The switch between the examples of all classes, and those of each class that is shown. */
const buildOwners = (classes, byOwner) => {
  const choices = [['all', 'All classes'], ...classes.map(({info, letter}) => [info.id, letter || 'This class', info.name])];
  const describe = ([id, text, tip]) => {
    const isEmpty = !byOwner.get(id) || !byOwner.get(id).rank.length;
    const choose = () => dispatch({examples: id === 'all' ? 'all' : id === classes[0].info.id ? 'a' : 'b'});
    const why = isEmpty && id !== 'all' ? 'This run keeps no examples of the class for this channel.' : tip;
    return {name: id, text, 'data-owner': id, 'data-tip': why, 'aria-disabled': isEmpty && 'true', onclick: isEmpty ? null : choose};
  };
  return buildSegments('Whose examples', choices.map(describe), {class: 'segments owners'});
};
/** The owner that the selection names: of `b` the class itself where it is the only one; all classes where it has no examples. */
const findOwner = (classes, byOwner) => {
  const {examples} = current.selection;
  const found = examples === 'all' ? null : classes[examples === 'b' ? classes.length - 1 : 0];
  return found && (byOwner.get(found.info.id) || {rank: []}).rank.length ? found.info.id : 'all';
};
/** Fills the section with the examples of each owner. */
export const fillExamples = (section, selection, classes, byOwner) => {
  section.querySelector('.owners').replaceWith(buildOwners(classes, byOwner));
  refill = () => {
    owner = findOwner(classes, byOwner);
    fill(section, selection, byOwner);
  };
  refill();
};
view('examples', (selection, before) => {
  if (refill && before && changed(selection, before, 'examples')) refill();
});
export const examplesSection = () => {
  const owners = buildSegments('Whose examples', [], {class: 'segments owners'});
  const title = h('h3', {}, h('span', {class: 'heading-words'}, 'Dataset examples'), owners);
  return h('section', {class: 'panel-examples'}, title, h('div', {class: 'examples'}, skeletons(10, 'picture')));
};
