// @ts-check
/* One dataset example: what its image is and what the model took it for, in words; and the picture large, in a dialog. */
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
/** An example in lines: number, class, prediction and path. `examples` are the arrays of a payload of `run`. */
export const tellExample = (examples, place, run = current.run) => {
  const [number, activation, image] = [examples.image_id[place], examples.activation[place], examples.image[place]];
  const words = [number !== null && `image ${number}`, activation !== null && `activation ${figure(activation)}`].filter(Boolean);
  const rank = `No. ${examples.rank[place] + 1}`;
  return [words.length ? `${rank}: ${words.join(', ')}` : rank, ...(image ? tellImage(run, image) : [])];
};

// --- large ----------------------------------------------------------------------------------------------------------
/** The whole image with the part marked that is the example; the part alone where the page has no more. */
const buildLarge = (at, examples, place) => {
  const [box, rank] = [examples.box[place], examples.rank[place]];
  if (!box || at.run) return h('img', {src: example(at.layer, at.channel, at.owner, rank, at.run), alt: ''});
  const [width, height] = current.run.image_size;
  const [left, top, right, bottom] = box.map((side, i) => (100 * side) / (i % 2 ? height : width));
  const style = `left:${left}%;top:${top}%;width:${right - left}%;height:${bottom - top}%`;
  const part = right - left < 100 || bottom - top < 100 ? h('span', {class: 'example-part', style}) : null;
  return h('span', {class: 'whole-image', style: `aspect-ratio:${width}/${height}`}, wholeImage(examples.image_id[place]), part);
};
const listFacts = (at, examples, place, run, close) => {
  const [image, activation] = [examples.image[place], examples.activation[place]];
  const linkTo = (id) =>
    at.run || !run.classById.has(id)
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
  return [...facts, ['Example', `No. ${examples.rank[place] + 1} of ${channelId(at.layer, at.channel)}${own}`]].map(([name, ...value]) => [
    h('dt', {}, name),
    h('dd', {}, value),
  ]);
};
const STEPS = {ArrowLeft: -1, ArrowRight: 1};
/** Shows an example large; the arrow keys go to the others. `at` is {layer, channel, owner, run}, `run` a name where it is not
    the run that is shown. */
const openExample = (at, examples, first, run) => {
  const body = h('div', {class: 'example-large'});
  const {element, close} = openDialog(`Dataset examples of ${channelId(at.layer, at.channel)}`, 'example-dialog', body);
  let place = first;
  const go = (next) => {
    if (!(next in examples.rank)) return;
    place = next;
    const step = (by, name, words) =>
      h(
        'button',
        {type: 'button', class: 'tool', 'aria-label': name, disabled: !(place + by in examples.rank), onclick: () => go(place + by)},
        words,
      );
    const label = tellExample(examples, place, run).join(', ');
    body.replaceChildren(
      h('div', {class: 'picture', role: 'img', 'aria-label': label}, buildLarge(at, examples, place)),
      h('dl', {}, listFacts(at, examples, place, run, close)),
      h('div', {class: 'example-steps'}, step(-1, 'Example before', '←'), h('span', {class: 'muted'}, `${place + 1} of ${examples.rank.length}`), step(1, 'Next example', '→')),
    ); // prettier-ignore
  };
  element.addEventListener('keydown', (event) => event.key in STEPS && go(place + STEPS[event.key]));
  go(place);
};
/** Builds a button with an example's picture, which opens it large. */
export const exampleButton = (at, examples, place, run, attributes) => {
  const {layer, channel, owner} = at;
  const rank = examples.rank[place];
  const image = at.run
    ? h('img', {src: example(layer, channel, owner, rank, at.run), alt: ''})
    : exampleImage({layer, channel, rank, image_id: examples.image_id[place], box: examples.box[place]}, owner);
  const names = {type: 'button', class: 'picture', 'aria-label': tellExample(examples, place, run).join(', ')};
  return h('button', {...names, onclick: () => openExample(at, examples, place, run), ...attributes}, image);
};
