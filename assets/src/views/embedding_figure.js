// @ts-check
/* The figure of the embedding as the plot stands: points are fitted and coloured, and drawn anew where they changed. */
import {buildFigure, paintPoints} from '../model/points.js';
import {scatter} from '../model/scatter.js';
import {drawOver} from './embedding_over.js';
import {emb, GRAPH, stage} from './embedding_state.js';

const PADDING = {left: 20, right: 20, top: 14};
const isDark = () => document.documentElement.dataset.theme === 'dark';
/** The parts of the figure in the theme of the page. */
export const parts = (payload = emb.payload) => payload.parts[isDark() ? 'dark' : 'light'];

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
/** The figure as it now stands, or null where it is the one that was drawn last. */
export const figureOf = () => {
  const {plot} = emb;
  const figure = buildFigure(plot, parts());
  const {marker, x} = figure.data[0];
  const drawn = [
    x,
    marker.color,
    marker.opacity,
    marker.size,
    isDark(),
    JSON.stringify([figure.layout.dragmode, figure.layout.xaxis.range, figure.layout.yaxis.range]),
  ];
  if (plot.drawn && drawn.every((each, i) => each === plot.drawn[i])) return null;
  plot.drawn = drawn;
  return figure;
};
let frame = 0;
/** Draws what changed without a new selection, once for all changes of a frame. What moves arrives first. */
export const refresh = () => {
  frame = frame || window.requestAnimationFrame(drawNow);
};
const drawNow = () => {
  frame = 0;
  if (!emb.plot || !emb.plot.points || emb.plot.move) return;
  drawOver();
  const figure = figureOf();
  if (figure) window.dash_clientside.set_props(GRAPH, {figure, animate: false});
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
