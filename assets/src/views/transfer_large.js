// @ts-check
/* An image on which two cuts disagree, large, in a dialog; the arrow keys go to the others. */
import * as current from '../current.js';
import {fileOf} from '../data.js';
import {h} from '../dom.js';
import {percent} from '../format.js';
import {dispatch} from '../selection.js';
import {openDialog} from '../widgets/dialog.js';

const TINY = 96; /* pixels of a side up to which every pixel is seen as a square */
let open = null;
const STEPS = {ArrowLeft: -1, ArrowRight: 1};

const buildPicture = (found, id) => {
  if (!found.has_pictures) return h('span', {class: 'muted'}, 'This result holds no pictures.');
  const picture = /** @type {HTMLImageElement} */ (h('img', {alt: ''}));
  picture.addEventListener('load', () =>
    picture.classList.toggle('is-tiny', Math.max(picture.naturalWidth, picture.naturalHeight) <= TINY),
  );
  picture.src = fileOf(`small/${id}.webp`);
  return picture;
};
const fill = (body, {images, names, found, sides, titles}, places, id) => {
  const i = images.image_id.indexOf(id);
  const at = places.indexOf(i);
  const said = (side, place) => [
    h('dt', {}, h('span', {class: `badge badge-${'ab'[place]}`}, 'AB'[place])),
    h('dd', {}, `${names.get(side.predicted[i])} ${percent(side.probability[i])}, `, h('b', {class: side.predicted[i] === images.class_id[i] ? 'verdict' : 'verdict wrong'}, side.predicted[i] === images.class_id[i] ? 'right' : 'wrong'), h('span', {class: 'muted'}, ` ${titles[place]}`)),
  ]; // prettier-ignore
  const go = (by) => at >= 0 && places[at + by] !== undefined && dispatch({image: String(images.image_id[places[at + by]])});
  const step = (by, name, words) =>
    h(
      'button',
      {type: 'button', class: 'tool', 'aria-label': name, disabled: at < 0 || places[at + by] === undefined, onclick: () => go(by)},
      words,
    );
  body.replaceChildren(
    h('div', {class: 'picture', role: 'img', 'aria-label': names.get(images.class_id[i])}, buildPicture(found, id)),
    h('dl', {}, h('dt', {}, 'Class'), h('dd', {}, names.get(images.class_id[i])), sides.map(said), h('dt', {}, 'Path'), h('dd', {}, images.path[i]), h('dt', {}, 'Fold'), h('dd', {}, `held out in fold ${images.fold[i] + 1}`)),
    h('div', {class: 'example-steps'}, step(-1, 'Image before', '←'), h('span', {class: 'muted'}, at < 0 ? 'not in this list' : `${at + 1} of ${places.length}`), step(1, 'Next image', '→')),
  ); // prettier-ignore
  return go;
};

/** Closes the dialog without a word to the selection. */
export const closeLarge = () => {
  const was = open;
  open = null;
  if (was) was.close();
};
/** Shows the image that a selection names, or none. `places` are those of the list that the arrow keys go through. */
export const showLarge = (context, places, image) => {
  const id = image !== null && /^\d{1,9}$/.test(image) ? Number(image) : null;
  if (id === null || !context.images.image_id.includes(id)) {
    closeLarge();
    return;
  }
  if (!open) {
    const body = h('div', {class: 'example-large transfer-large'});
    open = {...openDialog('Image on which two cuts disagree', 'example-dialog', body), body, go: null};
    const mine = open;
    open.element.addEventListener('close', () => {
      if (open !== mine) return;
      open = null;
      if (current.selection.image !== null) dispatch({image: null});
    });
    open.element.addEventListener('keydown', (event) => event.key in STEPS && mine.go(STEPS[event.key]));
  }
  open.go = fill(open.body, context, places, id);
};
