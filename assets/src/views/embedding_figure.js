// @ts-check
/* The figure of the embedding as the plot stands: names are measured, points fitted and coloured, and drawn anew. */
import {buildFigure, chooseNames, paintPoints} from '../model/points.js';
import {scatter} from '../model/scatter.js';
import {emb, GRAPH, stage} from './embedding_state.js';

const PADDING = {left: 20, right: 20, top: 14};
const LONGEST = 24; /* letters of a name */
const FONT = 'Inter, system-ui, sans-serif';
const isDark = () => document.documentElement.dataset.theme === 'dark';
/** The parts of the figure in the theme of the page. */
export const parts = (payload = emb.payload) => payload.parts[isDark() ? 'dark' : 'light'];

// --- names --------------------------------------------------------------------------------------------------------
const pen = document.createElement('canvas').getContext('2d');
const texts = new Map();
export const forgetTexts = () => texts.clear();
/* Widths of text measured before the font was there are not those of the font. */
document.fonts.ready.then(() => {
  forgetTexts();
  refresh();
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

// --- points -------------------------------------------------------------------------------------------------------
/** Fits the points of the plot's layer into the stage. */
export const fit = () => {
  const {plot, payload} = emb;
  const box = {width: plot.width, height: plot.height, bottom: plot.bottom, ...PADDING};
  const fitted = [plot.layer, ...Object.values(box)].join();
  if (!plot.width || plot.fitted === fitted) return;
  Object.assign(plot, {fitted, points: scatter.fit(payload.x[plot.layer], payload.y[plot.layer], box)});
};
/** Colours the points; what did not change stays the same array, which Plotly leaves alone. */
export const paint = ({bins, palette}) => {
  const {plot} = emb;
  Object.assign(plot, {bins, palette});
  if (!plot.points) return;
  Object.entries(paintPoints(plot, parts().missing)).forEach(([name, value]) => {
    if (String(plot[name]) !== String(value)) plot[name] = value;
  });
};
/** The figure as it now stands. */
export const figureOf = () => {
  emb.plot.names = chooseNames(emb.plot, measure);
  return buildFigure(emb.plot, parts());
};
let frame = 0;
/** Draws what changed without a new selection, once for all changes of a frame. What moves arrives first. */
export const refresh = () => {
  frame = frame || window.requestAnimationFrame(drawNow);
};
const drawNow = () => {
  frame = 0;
  if (emb.plot && emb.plot.points && !emb.plot.isMoving) window.dash_clientside.set_props(GRAPH, {figure: figureOf(), animate: false});
};
/** Takes the size of the stage. */
export const resize = () => {
  const {clientWidth: width, clientHeight: height} = stage();
  const {plot} = emb;
  if (!plot || !width || (width === plot.width && height === plot.height)) return;
  Object.assign(plot, {width, height, view: scatter.WHOLE});
  if (!plot.layer) return;
  fit();
  refresh();
};
