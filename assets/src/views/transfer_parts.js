// @ts-check
/* What the parts of the page of transfer write alike. */
import {h} from '../dom.js';

/** A difference of points with its sign. */
export const sign = (value) => (Math.abs(value) < 0.05 ? '0.0' : `${value > 0 ? '+' : '−'}${Math.abs(value).toFixed(1)}`);
export const number = (text, value = null, tip = null) =>
  h('td', {class: 'number', ...(value === null ? {} : {'data-value': String(value)}), ...(tip ? {'data-tip': tip} : {})}, text);
