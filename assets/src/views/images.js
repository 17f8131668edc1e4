// @ts-check
/* What the browser adds to the page of images: the graph of an image, its cells, and that a file which is dropped anywhere opens. */
import * as current from '../current.js';
import {action, h} from '../dom.js';
import {dispatch} from '../selection.js';
import {saveFile} from '../widgets/download.js';
import {buildTable} from '../widgets/table.js';

/** Opens the image that was brought last; closes one that was forgotten. */
export const showUpload = (brought) => {
  if (!brought || brought.show === null || !current.selection) return;
  const gone = brought.show === '' && /^upload-/.test(current.selection.image || '');
  if (brought.show !== '' || gone) dispatch({view: 'images', image: brought.show || null, target: null, against: null});
};

/** Fades all heat maps to a share of 100. */
export const fadeMaps = (share) => {
  document.documentElement.style.setProperty('--map-opacity', String(Number(share) / 100));
};

// --- the graph of an image ----------------------------------------------------------------------------------------
/** The channel under the pointer; it stays while the pointer is on none. */
export const probeChannel = (data) => (data ? {layer: data.layer, channel: data.channel} : null);
/** Opens the panel of a channel that was clicked. */
export const openProbed = (data) => data && dispatch({layer: data.layer, channel: data.channel});

/** The drawing of the graph; null where there is none.
    @returns {any} */
const drawing = () => {
  /** @type {any} */
  const element = document.getElementById('images-graph');
  return (element && element._cyreg && element._cyreg.cy) || null;
};
const zoomBy = (factor) => {
  const cy = drawing();
  cy.zoom({level: cy.zoom() * factor, renderedPosition: {x: cy.width() / 2, y: cy.height() / 2}});
};
const paper = () => getComputedStyle(document.body).backgroundColor;
const TOOLS = {
  in: () => zoomBy(1.3),
  out: () => zoomBy(1 / 1.3),
  fit: () => drawing().fit(undefined, 24),
  png: () => saveFile('image-graph.png', 'image/png', drawing().png({full: true, scale: 2, bg: paper(), output: 'blob'})),
};
document.addEventListener('click', (event) => {
  const {target} = /** @type {any} */ (event);
  const tool = target.closest('[data-images-tool]');
  if (tool && drawing()) TOOLS[tool.dataset.imagesTool]();
  document.querySelectorAll('.images-files[open]').forEach((menu) => {
    if (tool || !menu.contains(target)) menu.removeAttribute('open');
  });
});

const sorting = {name: null, order: null};
/** Draws the table of the graph, which a click on a head sorts. */
export const showImageRows = (data) => {
  const place = document.getElementById('images-table');
  if (!place) return;
  const heads = data && data.heads.map(([name, isNumber]) => (isNumber ? {name, class: 'number'} : name));
  const number = (text, at) => (data.heads[at + 2][1] ? h('td', {class: 'number'}, text) : text);
  const rows = data && data.rows.map(({layer, channel, cells}) => [
    layer, action({layer, channel}, {class: 'link'}, String(channel)), ...cells.map(number)]); // prettier-ignore
  place.replaceChildren(...(data ? [buildTable({caption: data.caption, heads, rows, sorting})] : []));
};

// --- the keyboard's way through the graph ---------------------------------------------------------------------------
/** Milliseconds in which the answer to a pin is expected. */
const STAYS = 5000;
const stepOf = (id) => document.querySelector(`.images-step[data-node="${CSS.escape(id)}"]`);
const beside = (node, step) => {
  const row = node
    .cy()
    .nodes(`[layer = "${node.data('layer')}"]`)
    .sort((a, b) => a.position('x') - b.position('x'));
  return row[row.toArray().indexOf(node) + step];
};
const strongest = (edges) => edges.max((edge) => edge.numericStyle('width')).ele;
const WAYS = {
  ArrowLeft: (node) => beside(node, -1),
  ArrowRight: (node) => beside(node, 1),
  ArrowUp: (node) => node.outgoers('edge').nonempty() && strongest(node.outgoers('edge')).target(),
  ArrowDown: (node) => node.incomers('edge').nonempty() && strongest(node.incomers('edge')).source(),
};
const KEYS = {'+': TOOLS.in, '=': TOOLS.in, '-': TOOLS.out, 0: TOOLS.fit};
const pin = (id) => {
  const {pins} = current.selection;
  dispatch({pins: pins.includes(id) ? pins.filter((each) => each !== id) : [...pins, id]});
};
/** Keeps the keyboard at a channel: the drawing of what is left has other buttons in other places. */
const stayAt = (id) => {
  const place = document.getElementById('images-body');
  const observer = new MutationObserver(() => {
    const at = document.activeElement;
    if (at && at !== document.body && !at.closest('.images-step')) observer.disconnect();
    else if (stepOf(id)) stepOf(id).focus();
  });
  observer.observe(/** @type {Element} */ (place), {childList: true, subtree: true, attributeFilter: ['data-node']});
  setTimeout(() => observer.disconnect(), STAYS);
};
const walk = (step, key) => {
  const node = drawing().getElementById(step.dataset.node);
  const {node: id} = step.dataset;
  const pinHere = () => (stayAt(id), pin(id));
  const does = key === 'p' ? pinHere : KEYS[key];
  if (does) does();
  if (does || !WAYS[key]) return Boolean(does);
  const next = WAYS[key](node);
  const to = next && stepOf(next.id());
  if (to) to.focus();
  return true;
};
document.addEventListener('keydown', (event) => {
  const step = /** @type {any} */ (event.target).closest('.images-step');
  if (!step || !drawing() || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!walk(step, event.key)) return;
  event.preventDefault();
  event.stopPropagation();
});
document.addEventListener('focusin', (event) => {
  const step = /** @type {any} */ (event.target).closest('.images-step');
  if (!step || !drawing()) return;
  document.querySelectorAll('.images-step').forEach((each) => each.setAttribute('tabindex', each === step ? '0' : '-1'));
  drawing().nodes().removeClass('cursor');
  const node = drawing().getElementById(step.dataset.node);
  node.addClass('cursor');
  window.dash_clientside.set_props('images-probe-store', {data: probeChannel(node.data())});
});
document.addEventListener('focusout', (event) => {
  if (/** @type {any} */ (event.target).closest('.images-step') && drawing()) drawing().nodes().removeClass('cursor');
});

// --- cells --------------------------------------------------------------------------------------------------------
const listChannel = (layer) => (each) =>
  h(
    'button',
    {type: 'button', class: 'images-channel', 'data-action': JSON.stringify({layer, channel: each.channel})},
    each.picture ? h('img', {src: each.picture, alt: ''}) : h('span', {class: 'images-blank'}),
    h('span', {}, each.name),
    h('span', {class: 'n'}, each.strength),
  );
const showCell = (event) => {
  const cell = event.target.closest && event.target.closest('.cells-cell');
  const list = cell && document.getElementById('cells-list');
  if (!list) return;
  const {title, heat, layer, channels} = JSON.parse(cell.dataset.cell);
  document.querySelectorAll('.cells-cell.is-lit').forEach((each) => each.classList.remove('is-lit'));
  document.querySelectorAll(`.cells-cell[data-index="${cell.dataset.index}"]`).forEach((each) => each.classList.add('is-lit'));
  const words = channels.length ? `heat ${heat}` : `heat ${heat}; no channel is above zero here`;
  list.replaceChildren(h('h3', {}, title), h('p', {class: 'muted'}, words), ...channels.map(listChannel(layer)));
};
document.addEventListener('pointerover', showCell);
document.addEventListener('focusin', showCell);

// --- drop anywhere ------------------------------------------------------------------------------------------------
const takesFiles = (event) =>
  event.dataTransfer && [...event.dataTransfer.types].includes('Files') && document.getElementById('images-body');
const findInput = () => /** @type {HTMLInputElement | null} */ (document.querySelector('#images-upload input[type=file]'));
/** Opens the page of images and hands files to its field; false where the run or that field is still being loaded. */
const bringFiles = (files) => {
  const input = findInput();
  if (!input || !current.selection) return false;
  dispatch({view: 'images'});
  input.files = files;
  input.dispatchEvent(new Event('change', {bubbles: true}));
  return true;
};
/** Copies files: a browser may empty the list of an event once the event is over. */
const keepFiles = (list) => {
  const kept = new DataTransfer();
  [...list].forEach((file) => kept.items.add(file));
  return kept.files;
};
window.addEventListener('dragover', (event) => {
  if (takesFiles(event)) event.preventDefault();
});
window.addEventListener('drop', (event) => {
  const target = /** @type {Element} */ (event.target);
  if (!takesFiles(event) || target.closest('#images-upload')) return;
  event.preventDefault();
  const files = keepFiles(/** @type {DataTransfer} */ (event.dataTransfer).files);
  if (bringFiles(files)) return;
  const observer = new MutationObserver(() => bringFiles(files) && observer.disconnect());
  observer.observe(document.body, {childList: true, subtree: true});
});
