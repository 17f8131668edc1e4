// @ts-check
/* Numbers and names as the page writes them. */
import * as current from './current.js';

const number = new Intl.NumberFormat('en');

export const count = (n) => number.format(n);
export const percent = (fraction) => (fraction === null || fraction === undefined ? '–' : `${(100 * fraction).toFixed(1)} %`);
export const plural = (n, noun, nouns = `${noun}s`) => `${number.format(n)} ${n === 1 ? noun : nouns}`;
export const of = (part, whole) => `${number.format(part)} of ${number.format(whole)}`;
/** Returns why this run has no accuracies, where it has none. */
export const NO_ACCURACY = () => current.run.no_accuracy;
export const accuracyTip = ({top1, top5, n}) =>
  top1 === null
    ? NO_ACCURACY()
    : `Top-1 accuracy: ${percent(top1)} of ${plural(n, 'image')}${top5 === null ? '' : `; top-5 ${percent(top5)}`}.`;
export const channelId = (layer, channel) => `${layer}-${channel}`;
