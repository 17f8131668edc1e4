// @ts-check
/* What stands between the bar and the graph: summary or legend, sliders, ways of looking, buttons of the zoom. */
import * as current from '../current.js';
import {action, h, icon, term} from '../dom.js';
import {count, nameMeasure, plural} from '../format.js';
import {dispatch} from '../selection.js';
import {PARTING_JACCARD} from '../model/comparison.js';
import {buildAblation} from './ablation.js';
import {toggleComparison} from './compare_panel.js';
import {EFFECT_TIP, SUMMARY_TIP} from './graph_chosen.js';
import {buildFind} from './graph_find.js';
import {getFrame} from './graph_frame.js';
import {countRows, placeGutter} from './graph_gutter.js';
import {buildLegend} from './graph_legend.js';
import {buildFileMenu} from './graph_menu.js';
import {buildLooks} from './graph_looks.js';
import {choosePart, getContext, getScene, shownOf, showPart} from './graph_scene.js';
import {showTable, toggleTable} from './graph_table.js';
import {listChannels} from './graph_channels.js';
import {arrange, fit, zoomBy} from './graph_viewport.js';

const COVERS_TIP =
  "Keeps the channels with the highest activation counts: as many as it takes to cover this share of the class's activation, which is the sum of all activation counts in the graph.";
const SLIDERS = [
  ['covers', 1, 100, 'channels up to', COVERS_TIP, ' of activation'],
  ['width', 25, 300, 'spread ↔', 'Stretches the graph sideways.', ''],
  ['height', 25, 300, '↕', 'Stretches the graph up and down.', ''],
];
const SPOKEN = {covers: 'Keep channels up to this share of activation', width: 'Spread sideways', height: 'Spread up and down'};
const sliders = {};
const buttons = {};

// --- sliders: live while dragged, the state follows -----------------------------------------------------------------
/** What a slider says now, which the selection does a moment later. */
export const liveValue = (name) => (sliders[name].timer ? Number(sliders[name].input.value) : current.selection[name]);
const slide = (name) => {
  const slider = sliders[name];
  const value = Number(slider.input.value);
  window.clearTimeout(slider.timer);
  slider.timer = window.setTimeout(() => {
    slider.timer = null;
    dispatch({[name]: value});
  }, 200);
  showValue(name, value);
  if (!getScene()) return;
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
const buildSlider = ([name, low, high, label, tip, after]) => {
  const input = h('input', {id: name, type: 'range', min: low, max: high, 'aria-label': SPOKEN[name], oninput: () => slide(name)});
  const text = h('span', {id: `${name}-value`, class: 'slider-value'});
  sliders[name] = {input, text, timer: null};
  return h(
    'div',
    {class: `slider ${name}`},
    h('label', {for: name, class: 'slider-name', 'data-tip': tip}, label),
    input,
    text,
    after ? h('span', {class: 'slider-name slider-after'}, after) : null,
  );
};
/** Hides what the share covered and the pins leave out, and says how much is left: in the summary, beside the layers, in
    the table and in the list of the keyboard. */
export const filter = (asked) => {
  choosePart(getScene(), asked);
  showPart(asked.pins);
  showPins(asked.pins);
  showSummary();
  countRows();
  placeGutter();
  listChannels();
  showTable();
};

// --- buttons --------------------------------------------------------------------------------------------------------
const button = (name, look, label, onclick, key = '') => {
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
    icon(look),
  );
  return buttons[name];
};
const other = (name, first, second) => dispatch({[name]: current.selection[name] === first ? second : first});
/** The whole page goes to full screen, so that the panel and the palette stay; the style sheet leaves the graph alone. */
const toggleScreen = () =>
  document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen().catch(() => null);
export const buildTools = () => {
  const {tools, zoom} = getFrame();
  tools.replaceChildren(
    h('div', {class: 'legend'}),
    h('div', {class: 'tools'},
      SLIDERS.map(buildSlider),
      h('span', {class: 'tool-buttons'},
        button('sides', 'sides', 'Side by side', () => other('sides', 'merged', 'two')),
        button('bars', 'bars', 'Layers compared', toggleComparison),
        buildLooks(),
        button('direction', 'turn', 'Input at the left', () => other('direction', 'down', 'right')),
        button('table', 'table', 'As a table', toggleTable),
        buildFind(),
        buildLegend(),
        button('screen', 'screen', 'Full screen', toggleScreen),
        buildFileMenu())),
  ); // prettier-ignore
  zoom.replaceChildren(
    button('in', 'plus', 'Zoom in', () => zoomBy(1.3), '+'),
    button('out', 'minus', 'Zoom out', () => zoomBy(1 / 1.3), '-'),
    button('fit', 'fit', 'Fit to the window', fit, '0'),
  );
};
export const press = (name, pressed) => buttons[name].setAttribute('aria-pressed', String(pressed));
/** What the tools say about a selection. */
export const showTools = (asked) => {
  SLIDERS.forEach(([name]) => sliders[name].timer || showValue(name, asked[name]));
  const compared = asked.view === 'compare';
  buttons.sides.hidden = buttons.bars.hidden = !compared;
  press('sides', asked.sides === 'two');
  press('direction', asked.direction === 'right');
};

// --- summary and legend ---------------------------------------------------------------------------------------------
const getLegend = () => getFrame().tools.querySelector('.legend');
const measure = () =>
  current.run.measures
    ? term(nameMeasure(current.run.measures.name), current.run.measures.text, {className: 'measure', entry: 'measure-of-influence'})
    : null;
const buildSummary = () => {
  const tip = current.selection.chosen === 'effect' ? EFFECT_TIP : SUMMARY_TIP;
  return h('span', {class: 'summary-line'}, term('', tip, {className: 'summary', entry: 'attribution-graph'}), measure(), pinNote());
};
/** "7 of 37 channels, 12 of 130 influences": what is shown of one graph. */
const showSummary = () => {
  const summary = getLegend().querySelector('.summary');
  if (!summary) return;
  const {nodes, edges} = getScene();
  const own = (list) => list.filter((each) => !(each.node || each.edge).added);
  const words = (map, noun) => {
    const [shown, all] = [own(shownOf(map)).length, own([...map.values()]).length];
    return [h('b', {}, count(shown)), shown === all ? ` ${all === 1 ? noun : `${noun}s`}` : ` of ${plural(all, noun)}`];
  };
  const added = shownOf(nodes).filter((each) => each.node.added).length;
  summary.replaceChildren(...words(nodes, 'channel'), ', ', ...words(edges, 'influence'), added ? `, ${count(added)} more` : '');
};
const pinNote = () => h('span', {class: 'pin-note'});
const buildKey = (part, name, {nodes, edges}) => {
  const n = (list) => list.filter((each) => each.part === part).length;
  const measures = current.run.measures ? ` (${nameMeasure(current.run.measures.name)})` : '';
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
  const tip = `The first layer from the input from which the two share less than ${100 * PARTING_JACCARD} % of their channels, up to the last layer.`;
  const words = parting
    ? [
        term('They part', tip, {entry: 'parting-layer'}),
        ' at ',
        action({layer: parting}, {class: 'link'}, parting),
        h('span', {class: 'parting-rest'}, ': from there on, less than half is shared.'),
      ]
    : [term('They share', tip, {entry: 'parting-layer'}), ' half or more of their channels up to the last layer.'];
  return h('span', {class: 'parting'}, words);
};
/** The summary of one graph, or the legend of two; nothing without either. */
export const showLegend = (context) => {
  const legend = getLegend();
  if (!context) return legend.replaceChildren();
  const {comparison, classes} = context;
  if (!comparison) return legend.replaceChildren(buildSummary());
  const keys = [
    ['only-a', `only ${classes[0].name}`],
    ['shared', 'shared'],
    ['only-b', `only ${classes[1].name}`],
  ];
  legend.replaceChildren(
    h('div', {class: 'comparison'},
      h('div', {class: 'keys'}, keys.map(([part, name]) => buildKey(part, name, comparison)), measure()),
      context.isOverlay ? null : buildSentence(comparison), pinNote()), // prettier-ignore
  );
};
/** Says what is pinned, and undoes it. */
const showPins = (pins) => {
  const note = getLegend().querySelector('.pin-note');
  if (!note) return;
  const known = new Set(getContext().drawing.nodes.map((node) => node.id));
  const missing = pins.filter((id) => !known.has(id));
  const tip = [
    `Only what is connected with ${pins.join(', ')} is drawn.`,
    missing.length ? `Not in this graph: ${missing.join(', ')}.` : '',
  ].join(' ');
  const words = `${plural(pins.length - missing.length, 'channel')} pinned${missing.length ? `, ${count(missing.length)} not in this graph` : ''}`;
  const undo = () => action({pins: []}, {class: 'tool', 'data-tip': tip}, icon('pin'), words, icon('close'));
  note.replaceChildren(...(pins.length ? [undo(), buildAblation(pins.length)] : []));
};
