// @ts-check
/* In the panel of a class: its misclassified images. */
import * as current from '../current.js';
import {action, h} from '../dom.js';
import {count, of, percent, plural} from '../format.js';
import {example, wholeImage} from '../pictures.js';
import {showFew} from '../widgets/show_all.js';
import {heading, muted} from './channel_parts.js';
import {openLarge} from './example.js';

const FEW = 5; /* rows at first */
const FEW_PICTURES = 8; /* pictures at first */

const nameOf = (id) => {
  const {name, mark} = current.run.classById.get(id);
  return [name, mark].filter(Boolean).join(' ');
};
/** The name of an output that means none of the run's classes. */
const nameOutput = (output, name) => (name ? name.split(',')[0] : `output ${output}`);
const few = (elements, n, className, words) => showFew(h('div', {class: className}), elements, n, words);

const describe = (each) => {
  const names = each.taken_for.length ? each.taken_for.map(nameOf).join(' or ') : nameOutput(each.output, each.name);
  const own = each.true_probability === null ? '' : `; its own class ${percent(each.true_probability)}`;
  return {names, words: `${each.path}: taken for ${names}, probability ${percent(each.probability)}${own}.`};
};
const showPicture = ({image_id: id, picture: {kind, layer, channel, owner, rank}}) =>
  kind === 'image' ? wholeImage(id) : h('img', {src: example(layer, channel, owner, rank), alt: '', loading: 'lazy', decoding: 'async'});
/** A wrong image as the large view takes it: the whole where the run holds it, else the part. */
const toLarge = (info, each) => {
  const {image_id: id, path, taken_for: classes, output, name, probability, picture} = each;
  const said = classes.length ? null : nameOutput(output, name);
  const image = {class: info.id, path, taken_for: classes, name: said, probability, right: false};
  return {image_id: id, image, activation: null, ...(picture.kind === 'part' && {...picture, box: null})};
};
const compareWith = (info) => ({image: {taken_for: classes}}, close) =>
  classes.map((id) => action({vs: id, vs_run: null, view: 'compare'}, {class: 'link', onclick: close}, `Compare ${info.name} with ${nameOf(id)}`)); // prettier-ignore
const thumbnail = (info, all, place) => {
  const each = all[place];
  const {names, words} = describe(each);
  const {picture} = each;
  const part = picture.kind === 'part' ? ' The picture is the part of it that the run keeps.' : '';
  const parts = [
    h('span', {class: 'picture'}, showPicture(each)),
    h('span', {class: 'caption'}, names),
    h('span', {class: 'caption muted'}, percent(each.probability)),
  ];
  const attributes = {class: 'wrong-image', 'data-image': each.image_id, 'data-tip': words + part, 'aria-label': words};
  const open = () =>
    openLarge(
      `Misclassified images of ${info.name}`,
      all.map((one) => toLarge(info, one)),
      place,
      current.run,
      compareWith(info),
    );
  return h('button', {type: 'button', ...attributes, onclick: open}, parts);
};
/** The misclassified images of a class, each with what it was taken for; none where all are right. */
export const buildWrong = (info, {n_wrong: wrong, images}) => {
  if (!wrong) return [];
  const shown = images.filter(({picture}) => picture);
  const missing = wrong - shown.length;
  const paths = images.filter(({picture}) => !picture).map((each) => h('p', {class: 'wrong-path muted'}, describe(each).words));
  const why = !shown.length
    ? `The run keeps no picture of the ${plural(wrong, 'wrong image')}.`
    : missing
      ? `${of(shown.length, wrong)} wrong images have a picture in this run.`
      : null;
  const parts = [
    heading(
      'Misclassified images',
      'Its images that the model gets wrong, the most probable mistakes first, with what each was taken for. A picture opens large.',
    ),
    why && muted(why),
    few(
      shown.map((_, place) => thumbnail(info, shown, place)),
      FEW_PICTURES,
      'wrong-images',
      `Show all ${count(shown.length)} pictures`,
    ),
    few(paths, shown.length ? 0 : FEW, 'wrong-paths', `Name ${plural(paths.length, 'image')} without a picture`),
  ];
  return parts.flat().filter(Boolean);
};
