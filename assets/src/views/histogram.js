// @ts-check
/* The probability that the model gives to a class, over the class's images: the figure of the run with the class's counts. */
import * as current from '../current.js';
import {of, plural} from '../format.js';
import {showChart} from '../widgets/chart.js';

/** The figure of a class in a theme; a bar that is not empty is seen however small it is. */
export const fillHistogram = (parts, bins) => {
  const width = 1 / bins.length;
  const most = Math.max(...bins) || 1;
  const n = bins.reduce((sum, each) => sum + each, 0);
  const range = (i) => `${(i * width).toFixed(2)} to ${((i + 1) * width).toFixed(2)}`;
  const bars = {
    x: bins.map((_, i) => (i + 0.5) * width),
    y: bins.map((each) => Math.max(each, 0.04 * most)),
    width: 0.9 * width,
    hovertext: bins.map((each, i) => `${range(i)}: ${of(each, n)} images`),
  };
  return {data: [{...parts.data[0], ...bars}], layout: {...parts.layout, yaxis: {...parts.layout.yaxis, range: [0, most]}}};
};
/** Shows the histogram of a class in an element, which is returned; null for a class without one. */
export const showHistogram = (element, {bins, n}, isStatic = false) => {
  if (!bins) return null;
  const {figures} = current.run;
  const most = plural(Math.max(...bins), 'image');
  const tip = `Probability that the model gives to the true class, over ${plural(n, 'image')}: 0 at the left, 1 at the right, ${most} in the highest bar.`;
  element.setAttribute('aria-label', tip);
  if (isStatic) element.dataset.tip = tip;
  return showChart(element, (theme) => fillHistogram(figures[theme].histogram, bins), {isStatic});
};
