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

/** Says in which layers the channels of the published graphs are no better than random ones: in fewer than half of the
    classes, or by a mean whose interval holds 0. */
export const judgeLayers = (layers) => {
  const known = layers.filter((row) => row.pagerank);
  const isNoBetter = ({n_better: better, n_classes: n, fall, half}) => 2 * better < n || fall - (half || 0) <= 0;
  const weak = known.filter((row) => isNoBetter(row.pagerank)).map((row) => row.layer);
  if (!known.length) return 'Layers were not measured by PageRank.';
  if (!weak.length) return 'In every layer, the channels that PageRank chooses matter more to most classes than random ones.';
  return `No better than random channels for most classes, chosen by PageRank: those of ${weak.join(', ')}. Many stand in a graph because they are active everywhere.`;
};
