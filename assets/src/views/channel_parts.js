// @ts-check
/* Small parts of the channel panel: pictures, rows of a ranking, skeletons. */
import * as dom from '../dom.js';
import {h, term} from '../dom.js';
import {picture} from '../pictures.js';

const EXAMPLE = 2; /* payloads/of_class.py: a dataset example stands for the channel */

export const skeleton = (className) => h('div', {class: `skeleton ${className}`, 'aria-hidden': 'true'});
export const skeletons = (n, className) => Array.from({length: n}, () => skeleton(className));
export const skeletonRows = (n, className) => h('div', {class: 'rows'}, skeletons(n, className));
/** A heading with its meaning; `about` is {title, entry} where a click leads to an entry of the glossary. */
export const heading = (about, tip, ...after) => {
  const {title, entry = ''} = typeof about === 'string' ? {title: about} : about;
  return h('h3', {}, h('span', {class: 'heading-words'}, term(title, tip, {entry})), ...after);
};
export const muted = (text) => h('p', {class: 'muted none'}, text);
export const figure = (value) => Number(value.toPrecision(3)).toLocaleString('en', {maximumSignificantDigits: 3});
export const channelPicture = (layer, channel, kind, className) => {
  if (!kind) return h('span', {class: `${className} picture bare`, 'data-tip': 'No picture in this run'});
  const mark = kind === EXAMPLE ? ' example' : '';
  return h('span', {class: `${className} picture${mark}`}, h('img', {src: picture(layer, channel), alt: '', decoding: 'async'}));
};
/** A line of a ranking: picture, name, a bar for the fraction, the number. A click follows it. */
export const barRow = ({picture = null, name, value, fraction, action, tip}) => {
  const bar = h('span', {class: 'bar'}, h('span', {style: `width:${(100 * Math.min(1, fraction)).toFixed(1)}%`}));
  const words = [h('span', {class: 'row-name'}, name), h('span', {class: 'row-value'}, value)];
  return dom.action(action, {class: 'bar-row', 'data-tip': tip}, picture, h('span', {class: 'row-body'}, words, bar));
};
export const problemLine = ({rule, found, fix}) =>
  h('div', {class: 'panel-problem', role: 'status'}, h('p', {}, found), h('p', {class: 'muted'}, `${rule} ${fix}`));
