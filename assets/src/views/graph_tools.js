// @ts-check
/* What stands between the bar and the graph: summary or legend, sliders, ways of looking, buttons of the zoom. */
import * as current from '../current.js';
import * as dom from '../dom.js';
import {action, h, term} from '../dom.js';
import {count, plural} from '../format.js';
import {PARTING_JACCARD} from '../model/comparison.js';
import {dispatch} from '../selection.js';
import {toggleComparison} from './compare_panel.js';
import {filter} from './graph_canvas.js';
import {buildMenu} from './graph_export.js';
import {graph} from './graph_state.js';
import {toggleTable} from './graph_table.js';
import {arrange, fit, zoomBy} from './graph_viewport.js';

const COVERS_TIP =
  "Channels that cover this share of the class's activation: those with the highest activation counts, as many as it takes to cover it, of all activation counts in the graph.";
const SLIDERS = [
  ['covers', 1, 100, COVERS_TIP],
  ['width', 25, 300, 'Stretches the graph sideways.'],
  ['height', 25, 300, 'Stretches the graph up and down.'],
];
const sliders = {};
const buttons = {};

// --- sliders: live while dragged, the state follows ---------------------------------------------------------------
/** What a slider says now, which the selection does a moment later. */
export const live = (name) => (sliders[name].timer ? Number(sliders[name].input.value) : current.selection[name]);
const slide = (name) => {
  const slider = sliders[name];
  const value = Number(slider.input.value);
  window.clearTimeout(slider.timer);
  slider.timer = window.setTimeout(() => {
    slider.timer = null;
    dispatch({[name]: value});
  }, 200);
  showValue(name, value);
  if (!graph.scene) return;
  if (name === 'covers') filter({...current.selection, covers: value});
  else arrange();
};
const showValue = (name, value) => {
  const {input, text} = sliders[name];
  if (Number(input.value) !== value) input.value = value;
  input.style.setProperty('--at', `${(100 * (value - input.min)) / (input.max - input.min)}%`);
  text.textContent = `${value} %`;
  input.setAttribute('aria-valuetext', `${value} %`);
};
const buildSlider = ([name, low, high, tip]) => {
  const input = h('input', {id: name, type: 'range', min: low, max: high, 'aria-label': name, oninput: () => slide(name)});
  const text = h('span', {id: `${name}-value`, class: 'slider-value'});
  sliders[name] = {input, text, timer: null};
  return h('div', {class: `slider ${name}`}, h('label', {for: name, class: 'slider-name', 'data-tip': tip}, name), input, text);
};

// --- buttons ------------------------------------------------------------------------------------------------------
const button = (name, icon, label, onclick, key = '') => {
  buttons[name] = h(
    'button',
    {
      type: 'button',
      class: 'icon-button small',
      'data-tool': name,
      'aria-label': label,
      'data-tip': key ? `${label}  ${key}` : label,
      onclick,
    },
    dom.icon(icon),
  );
  return buttons[name];
};
const other = (name, first, second) => dispatch({[name]: current.selection[name] === first ? second : first});
const toggleScreen = () =>
  document.fullscreenElement ? document.exitFullscreen() : graph.frame.pane.requestFullscreen().catch(() => null);
export const buildTools = () =>
  h('div', {class: 'tools'},
    SLIDERS.map(buildSlider),
    h('span', {class: 'tool-buttons'},
      button('sides', 'sides', 'Side by side', () => other('sides', 'merged', 'two')),
      button('bars', 'bars', 'Layers compared', () => toggleComparison()),
      button('direction', 'turn', 'Input at the left', () => other('direction', 'down', 'right')),
      button('table', 'table', 'As a table', () => toggleTable()),
      button('screen', 'screen', 'Full screen', toggleScreen),
      buildMenu())); // prettier-ignore
export const buildZoom = () =>
  h('div', {class: 'zoom-tools'},
    button('in', 'plus', 'Zoom in', () => zoomBy(1.3), '+'),
    button('out', 'minus', 'Zoom out', () => zoomBy(1 / 1.3), '-'),
    button('fit', 'fit', 'Fit to the window', () => fit(), 'f')); // prettier-ignore
export const press = (name, pressed) => buttons[name].setAttribute('aria-pressed', String(pressed));
/** What the tools say about a selection. */
export const showTools = (selection) => {
  SLIDERS.forEach(([name]) => sliders[name].timer || showValue(name, selection[name]));
  const compared = selection.view === 'compare';
  buttons.sides.hidden = buttons.bars.hidden = !compared;
  press('sides', selection.sides === 'two');
  press('direction', selection.direction === 'right');
};

// --- summary and legend -------------------------------------------------------------------------------------------
const measure = () => (current.run.measures ? term(current.run.measures.name, current.run.measures.text, 'measure') : null);
const buildSummary = ({drawing}) => {
  const tip = 'Channels of highest personalized PageRank for this class, and the influences between them.';
  const words = (n, noun) => [h('b', {}, count(n)), ` ${n === 1 ? noun : `${noun}s`}`];
  const own = (list) => list.filter((each) => !each.added).length;
  const added = drawing.nodes.length - own(drawing.nodes);
  const more = added ? `, ${count(added)} more` : '';
  return h('span', {class: 'summary-line'},
    h('span', {class: 'summary', 'data-tip': tip}, words(own(drawing.nodes), 'channel'), ', ', words(own(drawing.edges), 'influence'), more),
    measure(), pinNote()); // prettier-ignore
};
const pinNote = () => h('span', {class: 'pin-note'});
const buildKey = (part, name, {nodes, edges}) => {
  const n = (list) => list.filter((each) => each.part === part).length;
  const measures = current.run.measures ? ` (${current.run.measures.name})` : '';
  const tip = `${name}: ${plural(n(nodes), 'channel')}, ${plural(n(edges), 'influence')}${measures}`;
  return h(
    'span',
    {class: 'key', 'data-part': part, 'data-tip': tip},
    h('span', {class: `swatch ${part}`}),
    h('b', {}, count(n(nodes))),
    h('span', {class: 'key-name'}, name),
  );
};
const buildSentence = ({parting}) => {
  const tip = `The first layer from the input from which the Jaccard of the channels stays below ${PARTING_JACCARD}.`;
  const words = parting
    ? [
        'They part at ',
        action({layer: parting}, {class: 'link'}, parting),
        h('span', {class: 'parting-rest'}, ': from there on, less than half is shared.'),
      ]
    : ['They share half or more of their channels up to the last layer.'];
  return h('span', {class: 'parting', 'data-tip': tip}, words);
};
/** The summary of one graph, or the legend of two; nothing without either. */
export const showLegend = (context) => {
  const {legend} = graph.frame;
  if (!context) return legend.replaceChildren();
  const {comparison, classes} = context;
  if (!comparison) return legend.replaceChildren(buildSummary(context));
  const keys = [
    ['only-a', `only ${classes[0].name}`],
    ['shared', 'shared'],
    ['only-b', `only ${classes[1].name}`],
  ];
  legend.replaceChildren(
    h('div', {class: 'comparison'},
      h('div', {class: 'keys'}, keys.map(([part, name]) => buildKey(part, name, comparison)), measure()),
      buildSentence(comparison), pinNote()), // prettier-ignore
  );
};
/** Says what is pinned, and undoes it. */
export const showPins = (pins) => {
  const note = graph.frame.legend.querySelector('.pin-note');
  if (!note) return;
  note.replaceChildren(
    ...(pins.length
      ? [
          action(
            {pins: []},
            {class: 'tool', 'data-tip': `Only what is connected with ${pins.join(', ')} is drawn.`},
            dom.icon('pin'),
            `${pins.length} pinned`,
            dom.icon('close'),
          ),
        ]
      : []),
  );
};
