// @ts-check
/* What the parts of the page of transfer write alike. */
import {h} from '../dom.js';
import {count, percent} from '../format.js';

const points = (share) => percent(share).replace(' %', '');
const ends = (row) => `${points(row.ci_low)}, ${points(row.ci_high)}`;
/** An accuracy with its interval and n. */
export const interval = (row) => `${percent(row.accuracy)} [${ends(row)}], n = ${count(row.n_images)}`;
/** The interval alone, for a column of its own. */
export const tellEnds = (row) => `${points(row.ci_low)} to ${points(row.ci_high)}`;

/** @type {[number, string][]} */
const SIZES = [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k']]; // prettier-ignore
/** A large number in three digits: 40.6 M. */
export const cost = (value) => {
  const [size, word] = SIZES.find(([least]) => value >= least) || [1, ''];
  const text = Number((value / size).toPrecision(3));
  return word ? `${text} ${word}` : String(text);
};
/** A difference of points with its sign. */
export const sign = (value) => (Math.abs(value) < 0.05 ? '0.0' : `${value > 0 ? '+' : '−'}${Math.abs(value).toFixed(1)}`);
export const number = (text, value = null, tip = null) =>
  h('td', {class: 'number', ...(value === null ? {} : {'data-value': String(value)}), ...(tip ? {'data-tip': tip} : {})}, text);
