// @ts-check
/* The proof of a class's graph in numbers and words. Pure. */
import {percent, plural} from '../format.js';

/** What is lost without the channels of a graph, less what is lost without as many at random; null where one is unknown. */
export const necessity = (remove, random) => (remove && random ? random[0] - remove[0] : null);

/** Necessary where the intervals of both accuracies lie apart; unclear where they overlap. */
const judge = (remove, random) => (remove[2] < random[1] ? 'necessary' : remove[0] < random[0] ? 'necessity unclear' : 'not necessary');

/** A few words for the bar of the class. */
export const toWords = ({untouched, remove, random}) => `${judge(remove, random)}: ${percent(untouched[0])} → ${percent(remove[0])}`;

/** A sentence for its tip and for the page. */
export const toSentence = ({untouched, remove, random, keep, n_channels: channels, n_images: n}) =>
  `The model gets ${percent(untouched[0])} of ${plural(n, 'image')} right; ${percent(remove[0])} without these ${plural(channels, 'channel')}, ` +
  `${percent(random[0])} without as many at random` +
  `${keep ? `, and ${percent(keep[0])} with these alone` : ''}.`;

const change = (share) => `${share > 0 ? '−' : share < 0 ? '+' : ''}${percent(Math.abs(share))}`;
/** What the class loses without one channel, {accuracy, low, high, log-probability, n} as an array, in words. */
export const toAlone = ([lost, low, high, logarithm, n]) => {
  const fall = `log-probability ${logarithm > 0 ? '−' : '+'}${Math.abs(logarithm).toFixed(2)}`;
  return `without this channel alone: accuracy ${change(lost)} [${change(high)}, ${change(low)}], ${fall}, n = ${n}`;
};
