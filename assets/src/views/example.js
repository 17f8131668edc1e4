// @ts-check
/* One image with what the model took it for, in words; and large, in a dialog: a dataset example, or an image of a class. */
import * as current from '../current.js';
import {action, h} from '../dom.js';
import {channelId, percent} from '../format.js';
import {example, exampleImage, wholeImage} from '../pictures.js';
import {openDialog} from '../widgets/dialog.js';
import {figure} from './channel_parts.js';

const VERDICTS = new Map([
  [true, 'right'],
  [false, 'wrong'],
  [null, 'no output means its class'],
]);
const nameOf = (run, id) => (run.classById.has(id) ? run.classById.get(id).name : `class ${id}`);
const tellTaken = (run, {taken_for: taken, name}) => name ?? taken.map((id) => nameOf(run, id)).join(' or ');
const tellImage = (run, image) => [
  nameOf(run, image.class),
  `predicted ${tellTaken(run, image)} (${percent(image.probability)}): ${VERDICTS.get(image.right)}`,
  image.path,
];
/** The example at a place of a payload's arrays, as one object. `at` is {layer, channel, owner, run}, of which the arrays may
    say layer and channel themselves; `run` is a name where it is not the run that is shown. */
const pick = (at, examples, place) => ({
  ...at,
  ...Object.fromEntries(Object.entries(examples).map(([name, values]) => [name, values[place]])),
});
const tell = (each, run) => {
  const {image_id: number, activation, image, rank} = each;
  const known = (value) => value !== null && value !== undefined;
  const words = [known(number) && `image ${number}`, known(activation) && `activation ${figure(activation)}`].filter(Boolean);
  const start = rank === undefined ? '' : `No. ${rank + 1}`;
  return [[start, words.join(', ')].filter(Boolean).join(': '), ...(image ? tellImage(run, image) : [])];
};
/** An example in lines: number, class, prediction and path. `examples` are the arrays of a payload of `run`. */
export const tellExample = (examples, place, run = current.run) => tell(pick({}, examples, place), run);

// --- large ----------------------------------------------------------------------------------------------------------
/** The whole image with the part marked that is the example; the part alone where the page has no more. */
const buildLarge = ({layer, channel, owner, rank, box, run, image_id: id}) => {
  const [width, height] = current.run.image_size || [1, 1];
  const frame = {class: 'whole-image', style: `aspect-ratio:${width}/${height}`};
  if (rank === undefined) return h('span', frame, wholeImage(id));
  if (!box || run) return h('img', {src: example(layer, channel, owner, rank, run), alt: ''});
  const [left, top, right, bottom] = box.map((side, i) => (100 * side) / (i % 2 ? height : width));
  const style = `left:${left}%;top:${top}%;width:${right - left}%;height:${bottom - top}%`;
  const part = right - left < 100 || bottom - top < 100 ? h('span', {class: 'example-part', style}) : null;
  return h('span', frame, wholeImage(id), part);
};
const listFacts = (each, run, close) => {
  const {image, activation} = each;
  const linkTo = (id) =>
    each.run || !run.classById.has(id)
      ? nameOf(run, id)
      : action({class_id: id, view: 'graph'}, {class: 'link', onclick: close}, nameOf(run, id));
  const facts = image
    ? [
        ['Class', linkTo(image.class)],
        ['Predicted', image.name ?? image.taken_for.map((id, i) => [i > 0 && ' or ', linkTo(id)]), ` ${percent(image.probability)}, `,
          h('b', {class: image.right === false ? 'verdict wrong' : 'verdict'}, VERDICTS.get(image.right))],
        ['Path', image.path],
      ]
    : []; // prettier-ignore
  const own = activation === null ? '' : `, activation ${figure(activation)}`;
  const rows = each.rank === undefined ? facts : [...facts, ['Example', `No. ${each.rank + 1} of ${channelId(each.layer, each.channel)}${own}`]]; // prettier-ignore
  return rows.map(([name, ...value]) => [h('dt', {}, name), h('dd', {}, value)]);
};
const STEPS = {ArrowLeft: -1, ArrowRight: 1};
/** Shows images large; the arrow keys go from one to the others. `all` are objects with `image_id`, `image`, and of examples
    layer, channel, owner, rank, activation, box; `more(each, close)` builds what is added below the facts. */
export const openLarge = (title, all, first, run = current.run, more = undefined) => {
  const body = h('div', {class: 'example-large'});
  const {element, close} = openDialog(title, 'example-dialog', body);
  let place = first;
  const go = (next) => {
    if (!(next in all)) return;
    place = next;
    const step = (by, name, words) =>
      h(
        'button',
        {type: 'button', class: 'tool', 'aria-label': name, disabled: !(place + by in all), onclick: () => go(place + by)},
        words,
      );
    const each = all[place];
    body.replaceChildren(
      h('div', {class: 'picture', role: 'img', 'aria-label': tell(each, run).join(', ')}, buildLarge(each)),
      h('dl', {}, listFacts(each, run, close)),
      ...(more ? [h('div', {class: 'example-more'}, more(each, close))] : []),
      h('div', {class: 'example-steps'}, step(-1, 'Example before', '←'), h('span', {class: 'muted'}, `${place + 1} of ${all.length}`), step(1, 'Next example', '→')),
    ); // prettier-ignore
  };
  element.addEventListener('keydown', (event) => event.key in STEPS && go(place + STEPS[event.key]));
  go(place);
};
/** Builds a button with an example's picture, which opens it large. */
export const exampleButton = (at, examples, place, run, attributes) => {
  const each = pick(at, examples, place);
  const {layer, channel, owner, rank, image_id: id, box} = each;
  const image = at.run
    ? h('img', {src: example(layer, channel, owner, rank, at.run), alt: ''})
    : exampleImage({layer, channel, rank, image_id: id, box}, owner);
  const title = at.title ?? `Dataset examples of ${channelId(layer, channel)}`;
  const open = () =>
    openLarge(
      title,
      examples.rank.map((_, number) => pick(at, examples, number)),
      place,
      run,
    );
  const names = {type: 'button', class: 'picture', 'aria-label': tell(each, run).join(', ')};
  return h('button', {...names, onclick: open, ...attributes}, image);
};
