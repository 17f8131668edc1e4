// @ts-check
/* Whether a graph is being drawn: what people look at first goes before what stands around it. */

let isPainting = false;
let later = [];

export const startPainting = () => {
  isPainting = true;
};
/** The graph is painted, or there is none: what waited for it is done. */
export const endPainting = () => {
  isPainting = false;
  const waiting = later;
  later = [];
  waiting.forEach((act) => act());
};
/** Does something at once, or after the graph that is being drawn is painted. */
export const afterPainting = (act) => {
  if (isPainting) later.push(act);
  else act();
};
