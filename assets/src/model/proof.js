// @ts-check
/* The worth of one channel alone in words. Pure. */
import {percent} from '../format.js';

const change = (share) => `${share > 0 ? '−' : share < 0 ? '+' : ''}${percent(Math.abs(share))}`;
/** What the class loses without one channel, {accuracy, low, high, log-probability, n} as an array, in words. */
export const toAlone = ([lost, low, high, logarithm, n]) => {
  const fall = `log-probability ${logarithm > 0 ? '−' : '+'}${Math.abs(logarithm).toFixed(2)}`;
  return `without this channel alone: accuracy ${change(lost)} [${change(high)}, ${change(low)}], ${fall}, n = ${n}`;
};
