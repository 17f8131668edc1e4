// @ts-check
/* The widths of the left column and of the panels at the right, which a person sets: by the handle between two parts of the
   page. */
import {h} from './dom.js';
import {remember} from './memory.js';
import {view} from './views.js';

const STEP = 16; /* pixels of an arrow key */
/* What is resized, to which side of its handle it is, and its least and greatest width in pixels. */
const PARTS = [
  {name: 'left-width', label: 'Width of the left column', inside: '.body', beside: '.left', sign: 1, low: 260, high: 560},
  {
    name: 'bars-width',
    label: 'Width of the layers compared',
    inside: '.graph-body',
    beside: '.compare-panel:not([hidden])',
    sign: -1,
    low: 260,
    high: 640,
  },
  {name: 'panel-width', label: 'Width of the panel', inside: '.stage-row', beside: '.panel:not([hidden])', sign: -1, low: 300, high: 640},
];
const set = (name, width) =>
  width === null
    ? document.documentElement.style.removeProperty(`--${name}`)
    : document.documentElement.style.setProperty(`--${name}`, `${width}px`);

/** Builds the handle of a part: dragged, or moved by the arrow keys; a double click gives back the width that it had first. */
const buildHandle = ({name, label, beside, sign, low, high}) => {
  const limits = {'aria-valuemin': low, 'aria-valuemax': high, 'aria-valuenow': low};
  const names = {class: `handle handle-${name}`, role: 'separator', tabindex: 0, 'aria-orientation': 'vertical', 'aria-label': label};
  const handle = h('div', {...names, ...limits, 'data-tip': `${label}: drag, or ← and →`});
  const measure = () => /** @type {HTMLElement} */ (document.querySelector(beside)).offsetWidth;
  const show = (wanted) => {
    const width = wanted === null ? null : Math.round(Math.max(low, Math.min(high, wanted)));
    set(name, width);
    remember(name, width);
    handle.setAttribute('aria-valuenow', String(width ?? measure()));
  };
  let start = null;
  handle.addEventListener('pointerdown', (event) => {
    handle.setPointerCapture(event.pointerId);
    start = {x: event.clientX, width: measure()};
  });
  handle.addEventListener('pointermove', (event) => start && show(start.width + sign * (event.clientX - start.x)));
  handle.addEventListener('lostpointercapture', () => (start = null));
  handle.addEventListener('dblclick', () => show(null));
  handle.addEventListener('focus', () => handle.setAttribute('aria-valuenow', String(measure())));
  handle.addEventListener('keydown', (event) => {
    const step = {ArrowLeft: -STEP, ArrowRight: STEP}[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    show(measure() + sign * step);
  });
  return handle;
};
PARTS.forEach(({name}) => set(name, remember(name)));
view('resize', (selection, before) => {
  if (before || document.querySelector('.handle')) return;
  PARTS.forEach((part) => document.querySelector(part.inside).append(buildHandle(part)));
});
