// @ts-check
/* Plotly, asked for when the page is painted: its 1.2 MB must not stand in the way of the first view.

   Dash takes `window.Plotly` where it is defined, and waits where it is a promise. */
import {boot} from './data.js';

let arrive = null;
/** Plotly; pending until the library is there. */
export const plotly = new Promise((resolve) => {
  arrive = resolve;
});
window.Plotly = plotly;

const PAINTED = '#graph [data-painted], #graph .graph-empty:not(:empty)';
let isAsked = false;
const LONGEST = 4000; /* ms after which nothing is waited for */
/** Asks for the library as soon as the graph is painted; at once where no graph is shown. */
export const askForPlotly = (isGraphShown, since = performance.now()) => {
  if (isGraphShown && !document.querySelector(PAINTED) && performance.now() - since < LONGEST)
    return window.setTimeout(() => askForPlotly(isGraphShown, since), 40);
  if (isAsked) return null;
  isAsked = true;
  const script = document.createElement('script');
  script.src = `${boot.prefix}assets/vendor/plotly-basic.min.js`;
  script.onload = () => arrive(window.Plotly);
  return document.body.append(script);
};
