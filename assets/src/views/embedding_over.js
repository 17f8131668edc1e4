// @ts-check
/* What lies over the points of the embedding: names, A and B, the classes that the list shows. */
import {h} from '../dom.js';
import {between, chooseNames, isThere, sizeOf, toScreen} from '../model/points.js';
import {emb} from './embedding_state.js';

const MOVE = 600; /* ms, as in pages/embedding.py */
const LONGEST = 24; /* letters of a name */
const FONT = 'Inter, system-ui, sans-serif';

// --- names --------------------------------------------------------------------------------------------------------
const pen = document.createElement('canvas').getContext('2d');
const texts = new Map();
export const forgetTexts = () => texts.clear();
/* Widths of text measured before the font was there are not those of the font. */
document.fonts.ready.then(() => {
  forgetTexts();
  if (emb.plot && emb.plot.points) drawOver();
});
const measure = (i, isMarked) => {
  const key = isMarked ? -1 - i : i;
  if (!texts.has(key)) {
    const {name, mark} = emb.run.classes[i];
    const short = name.length > LONGEST ? `${name.slice(0, LONGEST - 1).trimEnd()}…` : name;
    const text = [short, mark].filter(Boolean).join(' ');
    pen.font = `${isMarked ? '600 12px' : '400 11px'} ${FONT}`;
    texts.set(key, {text, width: pen.measureText(text).width + (isMarked ? 8 : 4)});
  }
  return texts.get(key);
};
const buildName = ({text, box, isMarked}) => [
  isMarked && h('rect', {class: 'name-ground', x: box.x, y: box.y, width: box.width, height: box.height, rx: 3}),
  h('text', {class: isMarked ? 'name marked' : 'name', x: box.x + (isMarked ? 4 : 2), y: box.y + box.height / 2 + 4}, text),
];
/** The names that are shown now, those of A and B last. */
export const listNames = () => chooseNames(emb.plot, measure).sort((a, b) => Number(a.isMarked) - Number(b.isMarked));

// --- marks --------------------------------------------------------------------------------------------------------
const dot = (plot, i, attributes) => {
  const [cx, cy] = toScreen(plot, i);
  return h('circle', {cx, cy, ...attributes});
};
const buildMarks = (plot) => {
  const {a, b, bins, highlighted} = plot;
  const r = sizeOf(plot) / 2 + (bins ? 0.8 : 0.2);
  const shown = [...highlighted]
    .filter((i) => isThere(plot, i))
    .map((i) => dot(plot, i, {r, class: bins ? 'in-list coloured' : 'in-list'}));
  const diamond = isThere(plot, b) && h('path', {class: 'mark-b', d: 'M0 -6 6 0 0 6 -6 0Z', transform: `translate(${toScreen(plot, b)})`});
  return [
    shown,
    diamond && [diamond, dot(plot, b, {r: 10, class: 'ring-b'})],
    isThere(plot, a) && [dot(plot, a, {r: 5.5, class: b >= 0 ? 'mark-a' : 'mark-one'}), b >= 0 && dot(plot, a, {r: 9, class: 'ring-a'})],
  ];
};

/** Draws all of it where the points are now; while they move, without the names of others than A and B. */
export const drawOver = (now = performance.now()) => {
  const {plot, over} = emb;
  const {move} = plot;
  const part = move ? (now - move.began) / MOVE : 1;
  const here = move ? {...plot, points: between(move.from, plot.points, part)} : plot;
  over.replaceChildren(...[buildMarks(here), move ? [] : listNames().map(buildName)].flat(4).filter(Boolean));
  if (move && part < 1.5) window.requestAnimationFrame(drawOver);
};
