// @ts-check
/* The run and the selection that are shown. The modules that own them set them; all others read. */

/** The run that is shown, with its classes and layers as objects; null until it is there. */
export let run = null;
/** The state of the page, frozen; null until the address is read. */
export let selection = null;

/** Whether a run is shown, or the result of a transfer. */
export const showsRun = () => !run || run.kind !== 'transfer';
export const setRun = (next) => {
  run = next;
};
export const setSelection = (next) => {
  selection = Object.freeze(next);
};
