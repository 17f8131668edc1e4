// @ts-check
/* In the panel of a class: what its images were taken for, what was taken for it, and its misclassified images. */
import * as current from '../current.js';
import {load} from '../data.js';
import {action, h} from '../dom.js';
import {count, of, percent, plural} from '../format.js';
import {example, wholeImage} from '../pictures.js';
import {showFew} from '../widgets/show_all.js';
import {barRow, heading, muted, problemLine} from './channel_parts.js';
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

// --- the rankings -------------------------------------------------------------------------------------------------
const row = (id, n, whole, share, tip) =>
  barRow({name: nameOf(id), value: `${of(n, whole)} · ${percent(share)}`, fraction: share, action: {vs: id, vs_run: null, view: 'compare'}, tip}); // prettier-ignore
const takenFor = (info, {n, taken_for: {class_id: ids, count: counts, share}}) =>
  ids.map((id, i) =>
    row(id, counts[i], n, share[i], `${of(counts[i], n)} images of ${info.name} were taken for ${nameOf(id)}. Compare the two.`),
  );
const mistakenFor = (info, {mistaken_for: {class_id: ids, count: counts, n, share}}) =>
  ids.map((id, i) =>
    row(id, counts[i], n[i], share[i], `${of(counts[i], n[i])} images of ${nameOf(id)} were taken for ${info.name}. Compare the two.`),
  );
/** One line for the outputs that mean no class of the run. */
const outside = ({n, outside: {output, name, count: counts}}) => {
  if (!output.length) return null;
  const total = counts.reduce((sum, each) => sum + each, 0);
  const all = output.map((each, i) => `${nameOutput(each, name[i])} (${count(counts[i])})`);
  const named = all.slice(0, FEW).join(', ') + (all.length > FEW ? `, ${count(all.length - FEW)} more` : '');
  return h('p', {class: 'muted outside-outputs', 'data-tip': all.length > FEW ? all.join(', ') : null},
    `${of(total, n)} images were taken for outputs that mean no class of this run: ${named}.`); // prettier-ignore
};
const rankings = (info, found) => {
  const {n, n_wrong: wrong} = found;
  const [away, here] = [takenFor(info, found), mistakenFor(info, found)];
  return [
    heading(
      'Most often taken for',
      `What the model finds most probable for images of ${info.name} that it gets wrong: ${of(wrong, n)}. A row compares the two classes.`,
    ),
    away.length ? few(away, FEW, 'rows taken-for', `Show all ${count(away.length)} classes`) : muted(wrong ? 'No other class of this run.' : n ? `Nothing else: the model is right about ${n === 1 ? 'its one image' : `all ${plural(n, 'image')}`}.` : 'It has no images.'), // prettier-ignore
    outside(found),
    heading(
      'Most often mistaken for it',
      `Classes with images for which the model finds ${info.name} most probable. The share is that of the images of the other class.`,
    ),
    here.length ? few(here, FEW, 'rows mistaken-for', `Show all ${count(here.length)} classes`) : muted('No image of another class.'),
  ];
};

// --- misclassified images -----------------------------------------------------------------------------------------
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
const gallery = (info, {n_wrong: wrong, images}) => {
  if (!wrong) return [];
  const shown = images.filter(({picture}) => picture);
  const missing = wrong - shown.length;
  const paths = images.filter(({picture}) => !picture).map((each) => h('p', {class: 'wrong-path muted'}, describe(each).words));
  const why = !shown.length
    ? `The run keeps no picture of the ${plural(wrong, 'wrong image')}.`
    : missing
      ? `${of(shown.length, wrong)} wrong images have a picture in this run.`
      : null;
  return [
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
};

/** Fills two sections for a class: rankings, and misclassified images. `isCurrent` says whether it is still the one shown. */
export const showConfusions = async (info, sections, isCurrent) => {
  const [found, wrong] = await Promise.all([load(`confusions/${info.id}`), load(`misclassified/${info.id}`)]);
  if (!isCurrent()) return;
  const problem = found.problem || wrong.problem;
  sections[0].replaceChildren(...(problem ? [heading('Most often taken for', 'What the model finds most probable for images of the class that it gets wrong.'), problemLine(problem)] : rankings(info, found).flat().filter(Boolean))); // prettier-ignore
  sections[1].replaceChildren(...(problem ? [] : gallery(info, wrong).flat(2).filter(Boolean)));
};
