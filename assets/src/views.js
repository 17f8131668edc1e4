// @ts-check
/* The registry of views. Each shows a selection; Dash calls all of them whenever the store of the selection changes. */
import * as current from './current.js';
import {guardFocus} from './widgets/focus.js';

const shows = [];
let before = null;

/** Registers a view of runs. `show(selection, before)` draws it; `before` is null at first and after a change of run. With
    `alsoResults` it is shown for transfer results too. */
export const view = (name, show, {alsoResults = false} = {}) => {
  shows.push({name, show, alsoResults});
};

/** Shows a selection in every view. A view that fails does not stop the others; one that draws what has the focus again
    does not lose it. */
export const showAll = (selection) => {
  if (!selection || !current.run) return;
  const last = before && before.run === selection.run ? before : null;
  before = selection;
  const giveBack = guardFocus();
  const mine = shows.filter(({alsoResults}) => alsoResults || current.showsRun());
  const done = mine.map(({name, show}) =>
    Promise.resolve()
      .then(() => show(selection, last))
      .catch((failure) => window.console.error(`${name}:`, failure)),
  );
  Promise.all(done).then(giveBack);
};

/** Returns whether any of these fields differ; true where there was no selection before. */
export const changed = (selection, last, ...fields) =>
  !last || fields.some((field) => JSON.stringify(selection[field]) !== JSON.stringify(last[field]));

export const reducedMotion = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches;
