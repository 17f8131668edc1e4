// @ts-check
/* One class: how well the model knows it, what looks like it to the model, what surprises in its graph, some of its images. */
import * as current from '../current.js';
import {load} from '../data.js';
import {action, emptyState, h, icon} from '../dom.js';
import {channelId} from '../format.js';
import {labels} from '../labels.js';
import {exampleImage, wholeImage} from '../pictures.js';
import {dispatch} from '../selection.js';
import {changed, view} from '../views.js';
import {addKinds, fill} from '../widgets/blocks.js';
import {muted, problemLine, skeleton} from './channel_parts.js';
import {exampleButton, openLarge} from './example.js';
import {showHistogram} from './histogram.js';

const VIEWS = ['graph', 'compare'];
const panel = () => document.getElementById('class-panel');
const isOpen = ({view, panel: shown}) => VIEWS.includes(view) && shown === 'class';
let drawing = 0;
let opener = null;

addKinds({
  histogram: (id) => showHistogram(h('div', {class: 'histogram wide', role: 'img'}), current.run.classById.get(id)),
  example: (/** @type {any} */ {owner, ...each}) => exampleImage(each, owner),
  whole: wholeImage,
  label: ({layer, channel}) => {
    const label = labels.nameOf(layer, channel);
    return label && h('span', {class: 'row-label'}, label);
  },
});
const images = (info, examples) => {
  const seen = (place) => `Image ${examples.image_id[place]}, as ${channelId(examples.layer[place], examples.channel[place])} sees it`;
  const at = {owner: info.id, title: `Images of ${info.name}`};
  const buttons = examples.rank.map((_, place) => exampleButton(at, examples, place, current.run, {'data-tip': seen(place)}));
  return buttons.length ? h('div', {class: 'examples'}, buttons) : muted('This run keeps no images of the class.');
};
/** A misclassified image as the large view takes it: the whole where the run holds it, else the part. */
const toLarge = (info, {image_id: id, path, taken_for: classes, said, probability, picture}) => ({
  image_id: id,
  image: {class: info.id, path, taken_for: classes, name: said, probability, right: false},
  activation: null,
  ...(picture.kind === 'part' && {...picture, box: null}),
});
const fullName = (id) => {
  const {name, mark} = current.run.classById.get(id);
  return [name, mark].filter(Boolean).join(' ');
};
const compareWith = (info) => ({image: {taken_for: classes}}, close) =>
  classes.map((id) => action({vs: id, vs_run: null, view: 'compare'}, {class: 'link', onclick: close}, `Compare ${info.name} with ${fullName(id)}`)); // prettier-ignore
/** Shows the misclassified images; a picture opens large. */
const showWrong = (place, info, {blocks, images}) => {
  const all = images.filter(({picture}) => picture).map((each) => toLarge(info, each));
  fill(place, blocks);
  place.addEventListener('click', ({target}) => {
    const {large} = (target.closest('[data-large]') || {dataset: {}}).dataset;
    if (large) openLarge(`Misclassified images of ${info.name}`, all, Number(large), current.run, compareWith(info));
  });
};

// --- the whole ----------------------------------------------------------------------------------------------------
const head = (info) =>
  h(
    'div',
    {class: 'panel-head'},
    h(
      'h2',
      {tabindex: -1, 'data-tip': [info && info.full, info && info.synset].filter(Boolean).join(' · ') || null},
      info ? info.name : 'Class',
    ),
    h(
      'div',
      {class: 'panel-buttons'},
      action({panel: 'channel'}, {class: 'icon-button small', 'aria-label': 'Close the class', 'data-tip': 'Close  Esc'}, icon('close')),
    ),
  );
const draw = async (info) => {
  const turn = ++drawing;
  const body = h('div', {class: 'panel-body', tabindex: -1}, h('div', {class: 'prototypes'}, skeleton('square'), skeleton('square')));
  panel().replaceChildren(head(info), body);
  const [found, wrong] = await Promise.all([load(`class/${info.id}/panel`), load(`misclassified/${info.id}`)]);
  if (turn !== drawing) return;
  if (found.problem) return body.replaceChildren(problemLine(found.problem));
  fill(body, found.blocks);
  body.querySelector('.examples-of-class').append(images(info, found.examples));
  if (!wrong.problem) showWrong(body.querySelector('.misclassified'), info, wrong);
  panel().dataset.class = info.id;
};
const close = () => {
  drawing += 1;
  const hadFocus = panel().contains(document.activeElement);
  panel().hidden = true;
  delete panel().dataset.class;
  panel().replaceChildren();
  const back = opener && document.querySelector('.class-open');
  if (hadFocus && back) back.focus({preventScroll: true});
  opener = null;
};
export const toggleClassPanel = () => {
  if (current.selection)
    dispatch(
      isOpen(current.selection)
        ? {panel: 'channel'}
        : {panel: 'class', view: VIEWS.includes(current.selection.view) ? current.selection.view : 'graph'},
    );
};
view('class_panel', (selection, before) => {
  document.querySelectorAll('.class-open').forEach((button) => button.setAttribute('aria-expanded', String(isOpen(selection))));
  if (!isOpen(selection)) {
    if (!panel().hidden) close();
    return;
  }
  const wasOpen = !panel().hidden;
  if (wasOpen && !changed(selection, before, 'class_id', 'unread')) return;
  const info = current.run.classById.get(selection.class_id);
  panel().hidden = false;
  delete panel().dataset.class;
  if (info) draw(info);
  else
    panel().replaceChildren(
      head(null),
      emptyState({rule: "A class is one of the run's.", found: 'The link names none of them.', fix: 'Choose one of the list.'}),
    );
  if (wasOpen) return;
  opener = document.activeElement;
  if (opener && opener !== document.body) panel().querySelector('h2').focus({preventScroll: true});
});
