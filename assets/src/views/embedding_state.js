// @ts-check
/* The embedding as its modules share it: the run that is drawn, the payload, the plot, and the component that shows it. */
import {scatter} from '../model/scatter.js';

export const BOTTOM = 38; /* px at the bottom that tools and legend take at least */
export const GRAPH = 'embedding-graph';
export const stage = () => document.getElementById('embedding');
/** The element that Plotly draws in; null before it has drawn. */
export const drawing = () => /** @type {any} */ (document.querySelector(`#${GRAPH} .js-plotly-plot`));

export const emb = {
  run: null,
  payload: null,
  plot: null,
  legend: null,
  shownLegend: null,
  empty: null,
  over: null,
  ring: null,
  lasso: null,
};

/** What is drawn: `points` in pixels of the unzoomed stage, along the run's classes. */
export const newPlot = (run, order) => ({
  width: 0,
  height: 0,
  bottom: BOTTOM,
  layer: null,
  points: null,
  ids: run.classes.map((each) => String(each.id)),
  view: scatter.WHOLE,
  drawn: null /* what the last figure was drawn from */,
  fitted: '' /* what the points were fitted to */,
  isDrawn: false,
  move: null /* {from, began} while the points move */,
  isLasso: false,
  hover: -1,
  a: -1,
  b: -1,
  highlighted: new Set(),
  only: null,
  bins: null,
  palette: [],
  color: [],
  opacity: 1,
  order,
});
