// @ts-check
/* What the browser adds to the page of images: the address asks for an image, a file that is dropped anywhere opens it. */
import * as current from '../current.js';
import {h} from '../dom.js';
import {dispatch} from '../selection.js';

const FIELDS = ['class_id', 'image', 'target', 'against', 'tab', 'at', 'by', 'over', 'reference', 'preset', 'samples'];

let isShown = false;
/** What the address asks of the page; null when another page is shown. Dash calls it for each selection: while other pages
    are shown, there is nothing new for the server. */
export const wantImages = (selection) => {
  const wasShown = isShown;
  isShown = Boolean(selection && selection.view === 'images' && current.run);
  if (!isShown) return wasShown ? null : window.dash_clientside.no_update;
  return {
    run: current.run.name,
    theme: document.documentElement.dataset.theme,
    ...Object.fromEntries(FIELDS.map((name) => [name, selection[name]])),
  };
};

/** Opens the image that was brought last; closes one that was forgotten. */
export const showUpload = (visit) => {
  if (!visit || visit.show === null || !current.selection) return;
  const gone = visit.show === '' && /^upload-/.test(current.selection.image || '');
  if (visit.show !== '' || gone) dispatch({view: 'images', image: visit.show || null, target: null, against: null});
};

const SOON = 50;
const LATE = 400; /* milliseconds */
let newAt = 0;
/** Asks the server for what is new, a moment after its last answer is shown: questions never overtake one another. The
    longer nothing is new, the longer that moment. */
export const askAgain = (more) => {
  if (!more) return;
  if (more.isNew) newAt = performance.now();
  const pause = Math.min(LATE, Math.max(SOON, (performance.now() - newAt) / 4));
  window.setTimeout(() => window.dash_clientside.set_props('images-ask', {data: more.at}), pause);
};

/** Fades all heat maps to a share of 100. */
export const fadeMaps = (share) => {
  document.documentElement.style.setProperty('--map-opacity', String(Number(share) / 100));
};

// --- the graph of an image ----------------------------------------------------------------------------------------
document.addEventListener('summit-theme', () => {
  if (current.selection && current.selection.view === 'images')
    window.dash_clientside.set_props('images-wanted', {data: wantImages(current.selection)});
});
/** The channel under the pointer; it stays while the pointer is on none. */
export const probeChannel = (data) => (data ? {layer: data.layer, channel: data.channel} : null);
/** Opens the panel of a channel that was clicked. */
export const openProbed = (data) => data && dispatch({layer: data.layer, channel: data.channel});

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
const hasFiles = (event) => event.dataTransfer && [...event.dataTransfer.types].includes('Files');
const findInput = () => /** @type {HTMLInputElement | null} */ (document.querySelector('#images-upload input[type=file]'));
window.addEventListener('dragover', (event) => {
  if (hasFiles(event) && findInput()) event.preventDefault();
});
window.addEventListener('drop', (event) => {
  const input = findInput();
  const target = /** @type {Element} */ (event.target);
  if (!hasFiles(event) || !input || target.closest('#images-upload')) return;
  event.preventDefault();
  input.files = event.dataTransfer.files;
  input.dispatchEvent(new Event('change', {bubbles: true}));
  dispatch({view: 'images'});
});
