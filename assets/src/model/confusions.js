// @ts-check
/* The cells of a map of confusions. Pure: no element, no request. */

/** Lists the cells, most images first, ties by the greater share, then by row and column. `a` and `b` are the classes to
    compare; `whole` is the number of images of the row. */
export const listCells = ({sides, cells}) =>
  cells.row
    .map((row, i) => ({row, column: cells.column[i], n: cells.n_images[i], whole: sides.n_images[row], a: cells.class_id[i], b: cells.taken_for[i]}))
    .sort((x, y) => y.n - x.n || y.n / y.whole - x.n / x.whole || x.row - y.row || x.column - y.column); // prettier-ignore
