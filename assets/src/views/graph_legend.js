// @ts-check
/* The legend of the graph: drawn samples of what size, width, rings, dashes and marks mean. */
import * as current from '../current.js';
import {h} from '../dom.js';
import {buildPopover} from '../widgets/popover.js';
import {shownLooks, tellLook} from './graph_looks.js';

const draw = (...children) => h('svg', {width: 64, height: 24, viewBox: '0 0 64 24', 'aria-hidden': 'true'}, children);
const box = (x, side, className = '') =>
  h('rect', {class: `sample ${className}`, x: x - side / 2, y: 12 - side / 2, width: side, height: side, rx: side / 6});
const line = (y, width, className = '') => h('path', {class: `sample-line ${className}`, d: `M4 ${y + 4}C24 ${y + 4} 40 ${y - 4} 60 ${y - 4}`, 'stroke-width': width}); // prettier-ignore
const buildOne = () => [
  [draw(box(8, 8), box(26, 14), box(50, 22)), tellLook('size')],
  [draw(line(5, 1), line(18, 5)), 'Width: the number of images in which the influence counts.'],
];
const buildTwo = () => [
  [draw(box(8, 8), box(26, 14), box(50, 22)), 'Size: the area is the share of the images that use the channel, the greater of A and B.'],
  [draw(line(5, 1), line(18, 5)), 'Width: the share of the images in which the influence counts, the greater of A and B.'],
  [draw(box(12, 16, 'only-a'), line(12, 2, 'only-a beside')), 'Orange, solid: only in the graph of A.'],
  [draw(box(12, 16, 'only-b'), line(12, 2, 'only-b beside')), 'Blue, dashed: only in the graph of B.'],
  [draw(box(12, 16, 'shared'), line(12, 2, 'shared beside')), 'Grey: in both graphs.'],
];
const buildRing = () => [
  draw(box(12, 16, 'ring-low'), box(32, 16, 'ring-high'), shownLooks().ring === 'effect' ? box(52, 16, 'ring-below') : null),
  tellLook('ring'),
];
const buildWay = () => [
  draw(line(12, 2, 'way')),
  'Dotted: the strongest way up from a channel without an influence upwards, through channels that are not in the graph.',
];
const buildBoth = () => [
  [draw(line(12, 2.5, 'lit')), 'Dashes that run: influences of the channel under the pointer.'],
  [draw(box(32, 20, 'bare')), 'Dashed grey ring: no picture in this run, or a channel that is not in the graph.'],
  [draw(box(32, 20), h('path', {class: 'sample-corner', d: 'M42 13v9h-9z'})), 'Dark corner: a dataset example, because there is no feature visualization.'],
  [draw(box(32, 20), h('path', {class: 'sample-star', d: 'M25 1.500 29.500 6 25 10.500 20.500 6z'})), 'Brown mark: a surprising channel; its card says why.'],
  [draw(h('circle', {class: 'sample-point', cx: 16, cy: 12, r: 4.5}), h('circle', {class: 'sample-point seen', cx: 48, cy: 12, r: 4.5})), 'Strong points of the embedding: classes that the list shows now.'],
]; // prettier-ignore

export const buildLegend = () => {
  const list = h('dl', {class: 'samples'});
  const onOpen = () => {
    const own =
      current.selection.view === 'compare'
        ? buildTwo()
        : [...buildOne(), ...(shownLooks().ring === 'plain' ? [] : [buildRing()]), buildWay()];
    list.replaceChildren(...[...own, ...buildBoth()].flatMap(([sample, words]) => [h('dt', {}, sample), h('dd', {}, words)]));
  };
  return buildPopover({name: 'Legend', look: 'legend', className: 'graph-legend', content: list, onOpen}).element;
};
