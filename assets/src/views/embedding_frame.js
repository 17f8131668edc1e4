// @ts-check
/* Around the embedding: the strip of layers, and the buttons. */
import {rove} from '../widgets/roving.js';
import * as current from '../current.js';
import * as dom from '../dom.js';
import {action, h} from '../dom.js';
import {count, percent, plural} from '../format.js';
import {scatter} from '../model/scatter.js';
import {buildColorMenu} from './embedding_colors.js';
import {savePicture} from './embedding_picture.js';
import {look, toggleLasso, zoomBy} from './embedding_plot.js';
import {emb, stage} from './embedding_state.js';

const strip = () => document.getElementById('layer-strip');

// --- strip --------------------------------------------------------------------------------------------------------
/** How well a linear head on the layer tells the classes apart, where that was measured. */
const probeTip = ({probe}) =>
  probe
    ? `\nA linear head on it: ${percent(probe.accuracy)} [${percent(probe.ci_low)}, ${percent(probe.ci_high)}] of ${plural(probe.n_images, 'image')} held out`
    : '';
const layerTip = (info) =>
  `${info.layer}: ${plural(info.n_channels, 'channel')}, each position sees ${count(info.receptive_field)} px${probeTip(info)}`;
const buildLayer = (info) =>
  action(
    {layer: info.layer},
    {
      class: 'layer',
      'data-layer': info.layer,
      'data-tip': layerTip(info),
      'aria-pressed': 'false',
      style: info.probe && `--probe:${info.probe.accuracy}`,
    },
    info.short,
  );
/** A fade and an arrow at each end say that there are more layers than the strip shows. */
const hint = () => {
  const {scrollLeft, clientWidth, scrollWidth} = strip();
  strip().parentElement.classList.toggle('more-before', scrollLeft > 1);
  strip().parentElement.classList.toggle('more-after', scrollLeft + clientWidth < scrollWidth - 1);
};
const arrow = (name, label, sign) =>
  h(
    'button',
    {type: 'button', class: `strip-arrow ${name}`, tabindex: -1, 'aria-label': label, onclick: () => strip().scrollBy({left: sign * 0.7 * strip().clientWidth, behavior: 'smooth'})},
    dom.icon('chevron'),
  ); // prettier-ignore
const buildStrip = () => {
  strip().replaceChildren(...current.run.layers.map(buildLayer));
  strip().onscroll = hint;
  strip().onwheel = (event) => (strip().scrollLeft += event.deltaX || event.deltaY); /* it has no scroll bar */
  strip()
    .parentElement.querySelectorAll('.strip-arrow')
    .forEach((each) => each.remove());
  strip().before(arrow('before', 'Layers before', -1));
  strip().after(arrow('after', 'Layers after', 1));
  new ResizeObserver(hint).observe(strip());
};
/** Marks the layer in the strip and brings it into view. */
export const followLayer = (layer) => {
  strip().querySelectorAll('[data-layer]').forEach((button) => {
    const isShown = button.dataset.layer === layer;
    if (isShown && button.getAttribute('aria-pressed') !== 'true') button.scrollIntoView({block: 'nearest', inline: 'nearest'});
    button.setAttribute('aria-pressed', String(isShown));
  }); // prettier-ignore
  rove(strip(), '[data-layer]');
};

// --- buttons ------------------------------------------------------------------------------------------------------
const tool = (what, icon, label, act) =>
  h('button', {type: 'button', class: 'icon-button small', 'data-embedding': what, 'aria-label': label, 'data-tip': label, onclick: act}, dom.icon(icon)); // prettier-ignore
/** Builds strip, legend and buttons of a run; the points follow. */
export const buildFrame = () => {
  buildStrip();
  emb.lasso = tool('lasso', 'lasso', 'Lasso  l', toggleLasso);
  emb.lasso.setAttribute('aria-pressed', 'false');
  emb.legend = h('div', {class: 'embedding-legend', hidden: true});
  emb.empty = h('div', {class: 'embedding-empty'});
  emb.over = h('svg', {class: 'embedding-marks', 'aria-hidden': 'true'});
  emb.ring = h('div', {class: 'embedding-ring', hidden: true, 'aria-hidden': 'true'});
  const tools = h(
    'div',
    {class: 'embedding-tools'},
    buildColorMenu(),
    emb.lasso,
    tool('save', 'download', 'Save the picture', savePicture),
    tool('in', 'plus', 'Zoom in', () => zoomBy(1.6)),
    tool('out', 'minus', 'Zoom out', () => zoomBy(1 / 1.6)),
    tool('reset', 'fit', 'Show all classes', () => look(scatter.WHOLE)),
  );
  delete stage().dataset.layer;
  stage().querySelector('.embedding-over').replaceChildren(emb.over, emb.ring, emb.legend, tools, emb.empty);
};
