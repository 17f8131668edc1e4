// @ts-check
/** The embedding as its modules share it: the run that is drawn, its elements, its points. */
export const emb = {run: null, legend: null, empty: null, tools: null, plot: null, isSeen: null, radiusOf: null, isThere: null};
