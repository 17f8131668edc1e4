// @ts-check
/* What the browser adds to the page of images: the address asks for an image, a file that is dropped anywhere opens it. */
import * as current from '../current.js';
import {dispatch} from '../selection.js';

const FIELDS = ['class_id', 'image', 'target', 'against'];

/** What the address asks of the page; null while another page is shown. Dash calls it for each selection. */
export const wantImages = (selection) => {
  if (!selection || selection.view !== 'images' || !current.run) return null;
  return {run: current.run.name, ...Object.fromEntries(FIELDS.map((name) => [name, selection[name]]))};
};

/** Opens the image that was brought last; closes one that was forgotten. */
export const showUpload = (visit) => {
  if (!visit || visit.show === null || !current.selection) return;
  const gone = visit.show === '' && /^upload-/.test(current.selection.image || '');
  if (visit.show !== '' || gone) dispatch({view: 'images', image: visit.show || null, target: null, against: null});
};

/** Asks the server for what is new, a moment after its last answer is shown: questions never overtake one another. */
export const askAgain = (more) => {
  if (more) window.setTimeout(() => window.dash_clientside.set_props('images-ask', {data: more}), 250);
};

/** Fades all heat maps to a share of 100. */
export const fadeMaps = (share) => {
  document.documentElement.style.setProperty('--map-opacity', String(Number(share) / 100));
};

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
