// @ts-check
/* One class: how well the model knows it, what looks like it to the model, what surprises in its graph, some of its images. */
import * as current from '../current.js';
import {load} from '../data.js';
import {action, emptyState, h, icon, term} from '../dom.js';
import {NO_ACCURACY, channelId, percent, plural} from '../format.js';
import * as pictures from '../pictures.js';
import {dispatch} from '../selection.js';
import {changed, view} from '../views.js';
import * as channelParts from './channel_parts.js';
import {muted, problemLine, skeleton} from './channel_parts.js';
import {showConfusions} from './class_confusions.js';
import {surprising} from './class_surprising.js';
import {exampleButton} from './example.js';
import {showHistogram} from './histogram.js';

const VIEWS = ['graph', 'compare'];
const METHODS = {
  'code-space': {
    name: "from a generator's code",
    tip: 'A picture that the generator draws from the code for which the model finds the class most probable. It can draw only what it learned to draw.',
    none: 'None: this run was drawn without a generator.',
  },
  'picture-space': {
    name: 'from pixels alone',
    tip: 'A picture of which everything was optimised until the model found the class probable. Nothing holds it near any image.',
    none: 'None in this run.',
  },
};
const panel = () => document.getElementById('class-panel');
const isOpen = ({view, panel: shown}) => VIEWS.includes(view) && shown === 'class';
let drawing = 0;
let opener = null;

// --- how well the model knows it ----------------------------------------------------------------------------------
const accuracy = (fraction, tip) => h('b', {'data-tip': tip}, percent(fraction));
const facts = (info) => {
  const parts = [plural(info.n, 'image')];
  if (info.top1 === null) parts.push(term('no accuracy', NO_ACCURACY(), {className: 'muted'}));
  else {
    parts.push(h('span', {}, 'top-1 ', accuracy(info.top1, 'Images of the class whose most probable class is theirs.')));
    if (info.top5 !== null)
      parts.push(h('span', {}, 'top-5 ', accuracy(info.top5, 'Images of the class that is among their five most probable ones.')));
  }
  return h(
    'p',
    {class: 'class-facts'},
    parts.map((each) => h('span', {class: 'class-fact'}, each)),
  );
};
const probabilities = (info) =>
  info.bins && [
    channelParts.heading(
      'Probability of the class',
      `What the model gives to the true class, over ${plural(info.n, 'image')}: a bar per twentieth.`,
    ),
    showHistogram(h('div', {class: 'histogram wide', role: 'img'}), info),
    h('div', {class: 'histogram-ends muted'}, h('span', {}, '0'), h('span', {}, '1')),
  ];

// --- what looks like it to the model ----------------------------------------------------------------------------------
const figure = (logProbability) => {
  const p = Math.exp(logProbability);
  return p > 0 && p < 0.005 ? p.toExponential(0) : p.toFixed(2);
};
const logFigure = (value) => (value > -0.005 ? value.toPrecision(1) : value.toFixed(2)).replace('-', '−');
const reached = (each) =>
  h(
    'span',
    {
      class: 'reached',
      tabindex: 0,
      'data-tip': `Softmax probability of the class for the picture as it is stored, after ${plural(each.n_steps, 'step')}; it began at p = ${figure(each.initial_log_probability)}.`,
    },
    `p = ${figure(each.log_probability)} `,
    h('span', {class: 'muted'}, `(log p ${logFigure(each.log_probability)})`),
  );
const prototype = (info, method, each) => {
  const {name, tip, none} = METHODS[method];
  const caption = term(name, each && each.generator ? `${tip} Generator: ${each.generator}, codes of ${each.code_size} numbers.` : tip);
  const picture = each
    ? h('img', {src: pictures.prototype(info.id, method), alt: `Looks like ${info.name} to the model, ${name}`, decoding: 'async'})
    : h('span', {}, none);
  return h(
    'figure',
    {class: 'prototype', 'data-method': method},
    h('div', {class: `picture${each ? '' : ' bare'}`}, picture),
    h('figcaption', {}, caption, each && reached(each)),
  );
};
const prototypes = (info, {prototypes: found, command}) => {
  const byMethod = new Map(found.map((each) => [each.method, each]));
  const heading = channelParts.heading(
    {title: `What looks like ${info.name} to the model`, entry: 'prototype'},
    'Prototypes: pictures optimised until the model finds the class probable; the class is in the picture for the model, not always for you.',
    aboutLink(),
  );
  if (found.length)
    return [
      heading,
      h(
        'div',
        {class: 'prototypes'},
        Object.keys(METHODS).map((method) => prototype(info, method, byMethod.get(method))),
      ),
    ];
  return [
    heading,
    emptyState({
      rule: 'A prototype is a picture that the model gives the class to.',
      found: 'This run holds none of this class.',
      fix: `Draw them: ${command}`,
    }),
  ];
};
const aboutLink = () => action({view: 'about'}, {class: 'link n'}, 'How?');

// --- some of its images -------------------------------------------------------------------------------------------
const image = (info, examples, place) => {
  const seen = `Image ${examples.image_id[place]}, as ${channelId(examples.layer[place], examples.channel[place])} sees it`;
  return exampleButton({owner: info.id, title: `Images of ${info.name}`}, examples, place, current.run, {'data-tip': seen});
};
const images = (info, {examples}) => [
  channelParts.heading(
    {title: 'Some of its images', entry: 'dataset-example'},
    'Dataset examples of the class: crops of its own images that excite the strongest channels of its last layer.',
  ),
  examples.rank.length
    ? h(
        'div',
        {class: 'examples'},
        examples.rank.map((_, place) => image(info, examples, place)),
      )
    : muted('This run keeps no images of the class.'),
];

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
  const confusions = [h('section', {class: 'confusions-of-class'}), h('section', {class: 'misclassified'})];
  const rest = h('section', {}, h('div', {class: 'prototypes'}, skeleton('square'), skeleton('square')));
  panel().replaceChildren(
    head(info),
    h('div', {class: 'panel-body', tabindex: -1}, facts(info), rest, h('section', {}, probabilities(info) || []), confusions),
  );
  const isCurrent = () => turn === drawing;
  const [found] = await Promise.all([load(`class/${info.id}/panel`), showConfusions(info, confusions, isCurrent)]);
  if (!isCurrent()) return;
  if (found.problem) return rest.replaceChildren(problemLine(found.problem));
  rest.replaceChildren(...prototypes(info, found));
  rest.parentElement.append(h('section', {}, surprising(info, found.surprising)), h('section', {}, images(info, found)));
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
