// @ts-check
/* The worth of one channel alone in words. Pure. */
import {percent} from '../format.js';

const change = (share) => `${share > 0 ? '−' : share < 0 ? '+' : ''}${percent(Math.abs(share))}`;
/** What the class loses without one channel, {accuracy, low, high, log-probability, n} as an array, in words. */
export const toAlone = ([lost, low, high, logarithm, n]) => {
  const fall = `log-probability ${logarithm > 0 ? '−' : '+'}${Math.abs(logarithm).toFixed(2)}`;
  return `without this channel alone: accuracy ${change(lost)} [${change(high)}, ${change(low)}], ${fall}, n = ${n}`;
};

/** The state of a measurement of single channels in words. */
export const tellMeasuring = ({state, place, n_done, n_total}) => {
  if (state === 'cancelled') return 'Cancelled: nobody waited for it. Ask again.';
  if (state === 'waiting' && place > 1) return `Waits: ${place - 1} before it.`;
  return n_total > 0 && n_done > 0 ? `The model runs images: ${percent(n_done / n_total)}.` : 'The model is being loaded.';
};
