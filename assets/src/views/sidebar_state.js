// @ts-check
/** The list of classes as its modules share it: what it follows, its element, its rows. */
export const list = {state: null, box: null, rows: null};
