// @ts-check
/* What the channels of a graph are chosen by, where the run holds both graphs of a class. */
import * as current from '../current.js';
import {action, h} from '../dom.js';

export const SUMMARY_TIP = 'Channels of highest personalized PageRank for this class, and the influences between them.';
export const EFFECT_TIP =
  'Channels of the greatest effect on the probability of this class, as many of each layer as PageRank chooses, and the influences between them.';
const CHOSEN = [
  ['pagerank', 'PageRank', SUMMARY_TIP],
  ['effect', 'effect', EFFECT_TIP],
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
