// @ts-check
/* Two cuts side by side: what either says of the images of every class, and the images on which they disagree. */
import {fileOf, load} from '../data.js';
import {action, emptyState, h, term} from '../dom.js';
import {count, percent, plural} from '../format.js';
import {buildCells, chooseClasses, countByClass, findDifferences} from '../model/transfer.js';
import {buildSegments, pressSegment} from '../widgets/segments.js';
import {showFew} from '../widgets/show_all.js';
import {buildTable} from '../widgets/table.js';
import {closeLarge, showLarge} from './transfer_large.js';
import {number, sign} from './transfer_parts.js';

const MOST = 26; /* classes of the heat map */
const FEW = 12; /* classes up to which its cells hold numbers */
const TILES = 24; /* images at first */
const KINDS = {
  gained: ['B right, A wrong', 'Images that B has right and A wrong, both held out.'],
  lost: ['A right, B wrong', 'Images that A has right and B wrong.'],
  apart: ['both wrong, in two ways', 'Images that neither has right, and of which they say different classes.'],
};
const sorting = {name: 'B − A', order: 'descending'};
let shown = {key: null, kind: null};
/** Forgets what is shown, where it is of another result or version. */
export const forgetPair = () => (shown = {key: null, kind: null});

const say = (found, place) => `${found.cuts[place].model} after ${found.cuts[place].cut}`;
const badge = (name) => h('span', {class: `badge badge-${name.toLowerCase()}`}, name);

// --- classes ------------------------------------------------------------------------------------------------------
const STRONGEST = 62; /* per cent of a colour in a cell: the text on it stays readable */
const tint = (points, most) => {
  const share = Math.round((STRONGEST * Math.min(1, Math.abs(points) / most)) * 10) / 10; // prettier-ignore
  return share ? `background:color-mix(in srgb, var(--${points > 0 ? 'b' : 'a'}) ${share}%, var(--paper))` : '';
};
const tellCell = (row, other, {first, second, points}) =>
  `${row.name}${row.id === other.id ? ' said to be itself' : ` said to be ${other.name}`}: A ${first}, B ${second} of ${plural(row.n, 'image')} (${sign(points)} points)`;
const buildHeat = (rows) => {
  const cells = buildCells(rows);
  const most = Math.max(5, ...cells.flat().map(({points}) => Math.abs(points)));
  const hasNumbers = rows.length <= FEW;
  const cell = (row, i) => (each, j) =>
    h(
      'td',
      {class: i === j ? 'heat-own' : null, style: tint(each.points, most), 'data-tip': tellCell(row, rows[j], each)},
      hasNumbers && Math.abs(each.points) >= 0.5 ? sign(each.points).replace(/\.0$/, '') : h('span', {class: 'unseen'}, sign(each.points)),
    );
  return h(
    'table',
    {class: `heat ${hasNumbers ? '' : 'is-small'}`},
    h('caption', {class: 'unseen'}, 'How much more often B says a class than A, in points of the images of the row'),
    h('thead', {}, h('tr', {}, h('td', {}), rows.map(({name}) => h('th', {scope: 'col'}, h('span', {}, name))))),
    h('tbody', {}, rows.map((row, i) => h('tr', {}, h('th', {scope: 'row'}, row.name), cells[i].map(cell(row, i))))),
  ); // prettier-ignore
};
const CLASS_HEADS = [
  'Class',
  {name: 'A', class: 'number', 'data-tip': 'Images of the class that A has right, both held out.'},
  {name: 'B', class: 'number'},
  {name: 'B − A', class: 'number', 'data-tip': 'Difference in points.'},
  {name: 'n', class: 'number', 'data-tip': 'Images of the class.'},
];
const buildClasses = (rows) =>
  buildTable({
    caption: 'Accuracy of both cuts by class',
    heads: CLASS_HEADS,
    sorting,
    most: 20,
    rows: rows.map((row) => {
      const [first, second] = row.said.get(row.id) || [0, 0];
      const points = row.n ? (100 * (second - first)) / row.n : 0;
      const share = (part) => (row.n ? percent(part / row.n) : '–');
      return [row.name, number(share(first)), number(share(second)), number(sign(points), points), number(count(row.n))];
    }),
  });
const showClasses = (place, found, [a, b], rows, differences) => {
  const {gained, lost, apart} = differences;
  const chosen = chooseClasses(rows, MOST);
  const cut = chosen.length < rows.length ? ` The ${chosen.length} of ${count(rows.length)} classes that differ most.` : '';
  place.replaceChildren(
    h('h2', {}, badge('A'), ` ${say(found, a)} `, h('span', {class: 'muted'}, 'and'), ' ', badge('B'), ` ${say(found, b)}`),
    h('p', {class: 'muted'}, `Of ${plural(found.n_images, 'image')}, B has ${count(gained.length)} right that A has wrong, and A ${count(lost.length)} that B has wrong; ${count(apart.length)} both have wrong in two ways.`),
    h(
      'div',
      {class: 'transfer-two'},
      h(
        'figure',
        {class: 'transfer-figure'},
        h('figcaption', {}, term('What B says more often', 'Rows are the own class, columns what is said; in points of the images of the row. On the diagonal it is right.'), h('span', {class: 'muted'}, cut)),
        h('div', {class: 'transfer-wide', tabindex: 0, role: 'region', 'aria-label': 'Heat map of the difference by class'}, buildHeat(chosen)),
        h('div', {class: 'heat-scale', 'aria-hidden': 'true'}, h('span', {}, 'A says it more often'), h('i', {}), h('span', {}, 'B says it more often')),
      ),
      h('div', {class: 'transfer-classes'}, buildClasses(rows)),
    ),
  ); // prettier-ignore
};

// --- images -------------------------------------------------------------------------------------------------------
const buildTile = (context) => (i) => {
  const {images, names, found, sides} = context;
  const id = images.image_id[i];
  const said = (name, side) => {
    const isRight = side.predicted[i] === images.class_id[i];
    return h('span', {class: `said-by ${isRight ? 'is-right' : ''}`}, badge(name), h('span', {class: 'name'}, names.get(side.predicted[i])), h('span', {class: 'n'}, percent(side.probability[i])));
  }; // prettier-ignore
  const picture = found.has_pictures
    ? h('img', {src: fileOf(`small/${id}.webp`), alt: '', loading: 'lazy'})
    : h('span', {class: 'small-none'});
  const own = names.get(images.class_id[i]);
  return action(
    {image: String(id)},
    {class: 'disagreed', 'aria-label': `${own}: A says ${names.get(sides[0].predicted[i])}, B says ${names.get(sides[1].predicted[i])}`},
    h('span', {class: 'small-picture'}, picture),
    h('b', {}, own),
    said('A', sides[0]),
    said('B', sides[1]),
  );
};
const showImages = (place, context, differences, kind) => {
  const choices = Object.entries(KINDS).map(([name, [text, tip]]) => ({
    name,
    text: `${text} (${count(differences[name].length)})`,
    'data-tip': tip,
    'data-action': JSON.stringify({differ: name}),
  }));
  const switches = buildSegments('Images on which the cuts disagree', choices, {class: 'segments transfer-kinds'});
  pressSegment(switches, kind);
  const tiles = differences[kind].slice(0, 10 * TILES).map(buildTile(context));
  const all = differences[kind].length;
  const more = tiles.length < all ? `Show ${count(tiles.length)} of ${count(all)}` : `Show all ${count(all)}`;
  place.replaceChildren(
    h('h2', {}, 'Images on which they disagree'),
    switches,
    ...(context.found.has_pictures ? [] : [h('p', {class: 'muted'}, 'This result holds no pictures: it is of an earlier version. `summit-dash transfer` adds them when it runs again.')]),
    ...(tiles.length ? showFew(h('div', {class: 'disagreements'}), tiles, TILES, more) : [h('p', {class: 'muted'}, 'There is none.')]),
  ); // prettier-ignore
};

// --- both ---------------------------------------------------------------------------------------------------------
/** Shows two cuts. `boxes` are where classes and images go; `selection` says which images, and which is opened large. */
export const showPair = async (boxes, found, places, selection) => {
  const [a, b] = places;
  if (!found.cuts[a] || !found.cuts[b] || a === b) {
    closeLarge();
    shown = {key: null, kind: null};
    boxes.images.replaceChildren();
    boxes.pair.replaceChildren(emptyState(tellChoice(found, places, selection)));
    return;
  }
  const key = `${selection.run} ${a} ${b}`;
  const [images, ...sides] = await Promise.all([load('images'), load(`cut/${a}`), load(`cut/${b}`)]);
  const problem = [images, ...sides].find((each) => each.problem);
  if (problem) {
    boxes.pair.replaceChildren(emptyState(problem.problem));
    return;
  }
  const names = new Map(found.classes.map(({id, name}) => [id, name]));
  const context = {found, images, names, sides, titles: places.map((place) => say(found, place))};
  const differences = findDifferences(images, sides[0], sides[1]);
  if (shown.key !== key) showClasses(boxes.pair, found, places, countByClass(images, found.classes, sides[0], sides[1]), differences);
  if (shown.key !== key || shown.kind !== selection.differ) showImages(boxes.images, context, differences, selection.differ);
  shown = {key, kind: selection.differ};
  showLarge(context, differences[selection.differ], selection.image);
};
const tellChoice = ({cuts}, [a, b], {cut, vs_cut: second}) => {
  const rule = 'Two cuts are compared: A and B of the table.';
  if (cuts.length < 2) return {rule, found: 'This result has one cut.', fix: 'Add a model: run `summit-dash transfer` again.'};
  if (a === b) return {rule, found: 'A and B are the same one.', fix: 'Choose another one as B.'};
  return {rule, found: `${cuts[a] ? second : cut} is none of this result.`, fix: 'Choose A and B in the table.'};
};
