// @ts-check
/* The worth of one channel alone in words. Pure. */
import {percent, plural} from '../format.js';

const change = (share) => `${share > 0 ? '−' : share < 0 ? '+' : ''}${percent(Math.abs(share))}`;
/** What the class loses without one channel, {accuracy, low, high, log-probability, n} as an array, in words. */
export const toAlone = ([lost, low, high, logarithm, n]) => {
  const fall = `log-probability ${logarithm > 0 ? '−' : '+'}${Math.abs(logarithm).toFixed(2)}`;
  return `without this channel alone: accuracy ${change(lost)} [${change(high)}, ${change(low)}], ${fall}, n = ${n}`;
};

/** A measurement of single channels in words: `keys` has all of them, of which `nDone` are done and `nNow` nearly. */
export const tellMeasuring = ({state, keys, nDone, nNow}) => {
  if (state && state.state === 'waiting' && state.place > 1) return `Waits: ${state.place - 1} before it.`;
  const done = nDone + nNow;
  return done > 0
    ? `The model runs images: ${percent(done / keys.size)} of ${plural(keys.size, 'channel')}.`
    : 'The model is being loaded.';
};
