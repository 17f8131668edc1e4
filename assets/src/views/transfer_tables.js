// @ts-check
/* The tables of a transfer result: all cuts, and heads that were trained by gradient descent. */
import {action, h} from '../dom.js';
import {count, percent} from '../format.js';
import {nameCut} from '../model/transfer.js';
import {buildTable} from '../widgets/table.js';
import {cost, number, tellEnds} from './transfer_parts.js';

const MOST = 40; /* rows of the table at first */
const right = (name, tip) => ({name, class: 'number', ...(tip ? {'data-tip': tip} : {})});
const HEADS = [
  'Cut',
  {name: '', 'aria-label': 'A or B'},
  right('Accuracy', 'Share of the images held out whose most probable class is their own.'),
  right('95 % interval', 'Wilson, by images, in per cent.'),
  right('Macro F1', 'Mean over classes of the F1 score: every class counts the same.'),
  right('Log-loss', 'Mean of -log of the probability of the own class, in nats: less is better.'),
  right('LogME', 'An estimate without training (You et al. 2021): shown, and not used by the advice.'),
  right('Channels'),
  right('Parameters', 'Of the model cut there, with its head.'),
  right('Multiply-adds', 'Of convolutions and matrix products for one image, with the head.'),
  right('ms', 'Milliseconds for one image, without the head.'),
  {name: 'Front', 'data-tip': 'No cut is both cheaper and more accurate, by the cost of the advice.'},
];
const sorting = {name: null, order: null};
const chooser = (name, field, row, isChosen) =>
  action(
    {[field]: nameCut(row)},
    {class: `cut-choice cut-${name.toLowerCase()}`, 'aria-pressed': String(isChosen), 'aria-label': `${nameCut(row)} as ${name}`},
    name,
  );
const buildRow = (row, place, [a, b]) => ({
  class: [row.is_within && 'is-within', place === a && 'is-a', place === b && 'is-b'].filter(Boolean).join(' '),
  cells: [
    h('th', {scope: 'row', 'data-value': `${row.model} ${String(row.cut_index).padStart(4, '0')}`}, h('span', {class: 'muted'}, row.model), ' ', row.cut, row.is_advised ? h('span', {class: 'cut-mark'}, 'advised') : null, row.is_best ? h('span', {class: 'cut-mark'}, 'best') : null),
    h('td', {class: 'cut-choices'}, chooser('A', 'cut', row, place === a), chooser('B', 'vs_cut', row, place === b)),
    number(percent(row.accuracy)),
    number(tellEnds(row)),
    number(row.macro_f1.toFixed(3)),
    number(row.log_loss.toFixed(3)),
    number(row.logme === null ? '–' : row.logme.toFixed(3).replace(/^-(0\.0+)$/, '$1')),
    number(count(row.n_channels)),
    number(cost(row.parameters), row.parameters, count(row.parameters)),
    number(cost(row.multiply_adds), row.multiply_adds, count(row.multiply_adds)),
    number(row.milliseconds.toFixed(2)),
    h('td', {'data-value': row.is_on_front ? 'a' : ''}, row.is_on_front ? '●' : ''),
  ],
}); // prettier-ignore
const tellEstimate = ({estimate}) =>
  estimate.spearman === null
    ? 'LogME is an estimate without training; its rank correlation with the accuracy cannot be computed here.'
    : `LogME is an estimate without training. Its rank correlation with the accuracy (Spearman) on these images is ${estimate.spearman.toFixed(2)}, n = ${estimate.n_cuts} cuts.`; // prettier-ignore

/** Shows all cuts. `places` are those of A and B. */
export const showCuts = (place, found, places) => {
  const rows = found.cuts.map((row, i) => buildRow(row, i, places));
  place.replaceChildren(
    h('h2', {}, 'Cuts'),
    h('p', {class: 'muted'}, tellEstimate(found)),
    h('div', {class: 'transfer-wide', tabindex: 0, role: 'region', 'aria-label': 'Table of cuts'}, buildTable({caption: 'Cuts', heads: HEADS, rows, sorting, most: MOST})),
  ); // prettier-ignore
};

const LEARNED = [
  'Head',
  {name: 'Layers trained', class: 'number', 'data-tip': 'Recorded layers before the cut whose weights were trained too.'},
  right('Accuracy'),
  right('95 % interval'),
  right('Gained', 'Images that it has right and the linear head on the same cut wrong, both held out.'),
  right('Lost', 'Images that it has wrong and the linear head right.'),
  right('Macro F1'),
  right('Numbers trained'),
  right('Multiply-adds'),
  right('Epochs', 'Mean over folds of the epoch whose weights were kept.'),
];
const ofLearned = {name: null, order: null};
/** Shows the heads that were trained by gradient descent; nothing where there is none. */
export const showLearned = (place, {learned}) => {
  const rows = learned.map((row) => [
    h('th', {scope: 'row'}, h('span', {class: 'muted'}, `${row.model} ${row.cut}`), ' ', row.head),
    number(String(row.n_unfrozen)),
    number(percent(row.accuracy)),
    number(tellEnds(row)),
    number(count(row.n_gained)),
    number(count(row.n_lost)),
    number(row.macro_f1.toFixed(3)),
    number(cost(row.n_trained), row.n_trained, count(row.n_trained)),
    number(cost(row.multiply_adds), row.multiply_adds, count(row.multiply_adds)),
    number(row.mean_epochs.toFixed(1)),
  ]);
  place.replaceChildren(
    ...(rows.length
      ? [
          h('h2', {}, 'Trained heads'),
          h('p', {class: 'muted'}, 'By gradient descent, on the same folds. Gained and lost are images, against the linear head on that cut.'),
          h('div', {class: 'transfer-wide', tabindex: 0, role: 'region', 'aria-label': 'Table of trained heads'}, buildTable({caption: 'Trained heads', heads: LEARNED, rows, sorting: ofLearned})),
        ]
      : []),
  ); // prettier-ignore
};
