// @ts-check
/* A figure in an element: Plotly draws it when it is there, and again in another size or in the colours of another theme. */
import {afterPainting} from '../painting.js';
import {plotly} from '../plotly.js';

const CONFIG = {displayModeBar: false, doubleClick: false, responsive: false, showTips: false, showAxisDragHandles: false};
const shown = new Map();
const idle = window.requestIdleCallback ? (act) => window.requestIdleCallback(act, {timeout: 400}) : (act) => window.setTimeout(act, 1);

const draw = async (element) => {
  const library = await plotly;
  const chart = shown.get(element);
  const {clientWidth: width, clientHeight: height} = element;
  if (!chart || !width) return;
  chart.size = `${width}x${height}`;
  const {data, layout} = chart.build(document.documentElement.dataset.theme);
  const {click, isStatic} = chart;
  await library.react(element, data, {...layout, width, height}, {...CONFIG, staticPlot: isStatic});
  if (click && !chart.listens) element.on('plotly_click', ({points, event}) => shown.get(element).click(points[0], event));
  chart.listens = chart.isDrawn = true;
};
/** Draws a chart in another size when its place changes, as a person widens a panel. */
const resized = new ResizeObserver((entries) =>
  entries.forEach(({target}) => {
    const chart = shown.get(target);
    if (chart && chart.isDrawn && chart.size !== `${target.clientWidth}x${target.clientHeight}`) draw(target);
  }),
);
/** Forgets the charts whose elements are gone. */
const forget = () =>
  [...shown].forEach(([element, {isDrawn}]) => {
    if (!isDrawn || element.isConnected) return;
    shown.delete(element);
    resized.unobserve(element);
    window.Plotly.purge(element);
  });
/** Shows a figure in an element, once the page has nothing more urgent to do.

    `build` makes `{data, layout}` of the name of a theme; `click` takes the clicked point and its event; a static chart has no hover. */
export const showChart = (element, build, {click = null, isStatic = false} = {}) => {
  forget();
  const {listens = false, isDrawn = false} = shown.get(element) || {};
  shown.set(element, {build, click, isStatic, listens, isDrawn});
  resized.observe(element);
  afterPainting(() => idle(() => draw(element)));
  return element;
};
document.addEventListener('summit-theme', () => shown.forEach((_, element) => draw(element)));
