// @ts-check
/* What the channels of a graph are chosen by, where the run holds both graphs of a class: one of them, or both laid over
   each other. */
import * as current from '../current.js';
import {action, h} from '../dom.js';

export const SUMMARY_TIP = 'Channels of highest personalized PageRank for this class, and the influences between them.';
export const EFFECT_TIP =
  'Channels of the greatest effect on the probability of this class, as many of each layer as PageRank chooses, and the influences between them.';
const BOTH_TIP = 'Both graphs, one over the other: the colours say which channels and influences are in which.';
/** What the two graphs of a class that lie over each other are called. */
export const OVERLAID = ['PageRank', 'effect'];
/** Whether both graphs of one class are drawn, one over the other. */
export const isOverlay = ({view, chosen}) => view === 'graph' && chosen === 'both';
const CHOSEN = [
  ['pagerank', 'PageRank', SUMMARY_TIP],
  ['effect', 'effect', EFFECT_TIP],
  ['both', 'both', BOTH_TIP],
];
/** What the channels are chosen by, where the run holds both graphs. */
export const buildChosen = () =>
  current.run.has.graphs_by_effect
    ? h(
        'span',
        {class: 'segments chosen-by', role: 'group', 'aria-label': 'Channels chosen by'},
        CHOSEN.map(([chosen, words, tip]) =>
          action({chosen}, {class: 'segment', 'aria-pressed': String(current.selection.chosen === chosen), 'data-tip': tip}, words),
        ),
      )
    : null;
