// @ts-check
/* Limits for what Cytoscape keeps of every value that it has ever drawn. It is made for one graph in the life of a page; here
   hundreds follow one another. What is in use stays with its elements, and what is left out is worked out again. These
   reach into the library (3.28); where a later one lacks a function, its store is left as it is. */

export const MOST_STYLES = 1000; /* parsed values of styles: sizes, curves and names of some ten graphs */
export const MOST_LABELS = 2000; /* sizes of labels */

/** Counts what goes into a store by its function, and empties the store when it holds too much. */
const limit = (owner, fills, store, most) => {
  const fill = owner[fills];
  if (!fill) return;
  let n = 0;
  owner[fills] = (...given) => {
    if (n >= most) owner[store] = [];
    n = n >= most ? 1 : n + 1;
    return fill.apply(owner, given);
  };
};
/** Sets the limits in an instance. */
export const limitMemory = (cy) => {
  limit(cy.style(), 'parseImplWarn', 'propCache', MOST_STYLES); /* each value that is not known yet is parsed by it */
  limit(cy.renderer(), 'calculateLabelDimensions', 'labelDimCache', MOST_LABELS);
};
