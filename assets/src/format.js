// @ts-check
/* Numbers and names as the page writes them. */
import * as current from './current.js';

const number = new Intl.NumberFormat('en');

export const count = (n) => number.format(n);
const isKnown = (value) => value !== null && value !== undefined;
/** A fraction as 82.1 %. Halves are rounded up, on six decimal places: `format_percent` in Python writes the same digits. */
export const percent = (fraction) =>
  isKnown(fraction) ? `${(Math.floor(1000 * Number(fraction.toFixed(6)) + 0.5 + 1e-6) / 10).toFixed(1)} %` : '–';
/** A cosine as 0.48. Halves are rounded up, on the thousandths of payloads: `format_cosine` in Python writes the same digits. */
export const cosine = (value) => (isKnown(value) ? (Math.floor((Math.floor(1000 * value + 1e-3) + 5) / 10) / 100).toFixed(2) : '–');
export const plural = (n, noun, nouns = `${noun}s`) => `${number.format(n)} ${n === 1 ? noun : nouns}`;
export const of = (part, whole) => `${number.format(part)} of ${number.format(whole)}`;
/** Returns why this run has no accuracies, where it has none. */
export const NO_ACCURACY = () => current.run.no_accuracy;
export const accuracyTip = ({top1, top5, n}) =>
  top1 === null
    ? NO_ACCURACY()
    : `Top-1 accuracy: ${percent(top1)} of ${plural(n, 'image')}${top5 === null ? '' : `; top-5 ${percent(top5)}`}.`;
export const channelId = (layer, channel) => `${layer}-${channel}`;

/** A measure of influence in plain words. */
export const nameMeasure = (name) => (name === 'traced' ? 'exact influence' : name);
