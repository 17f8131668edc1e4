// @ts-check
/* Two cuts of a transfer result side by side: which, and on which images and classes they differ. Pure. */

/** The name of a cut in addresses. */
export const nameCut = (row) => `${row.model}@${row.cut}`;

/** The places of the two cuts that a selection shows: the advised one, and the best one or else the next best. A name that is
    none of a cut is -1.
    @returns {[number, number]} */
export const chooseCuts = ({cut, vs_cut: second}, cuts) => {
  const find = (name) => cuts.findIndex((row) => nameCut(row) === name);
  const a = cut === null ? cuts.findIndex((row) => row.is_advised) : find(cut);
  const best = [...cuts.keys()].filter((place) => place !== a).sort((one, other) => cuts[other].accuracy - cuts[one].accuracy);
  return [a, second === null ? (best[0] ?? -1) : find(second)];
};

/** Sorts the images on which two cuts disagree: `gained` are right with the second alone, `lost` with the first alone, `apart`
    wrong with both, in two ways. `a` and `b` are payloads of cuts, of the same images. The surest come first. */
export const findDifferences = ({image_id: ids, class_id: own}, a, b) => {
  const found = {gained: [], lost: [], apart: []};
  ids.forEach((_, i) => {
    const [first, second] = [a.predicted[i], b.predicted[i]];
    if (first === second) return;
    found[second === own[i] ? 'gained' : first === own[i] ? 'lost' : 'apart'].push(i);
  });
  const sure = (i) => a.probability[i] + b.probability[i];
  Object.values(found).forEach((places) => places.sort((i, j) => sure(j) - sure(i) || i - j));
  return found;
};

/** Counts what two cuts say of the images of every class: `n`, and for each predicted class how often either says it. */
export const countByClass = ({class_id: own}, classes, a, b) => {
  const rows = new Map(classes.map((each) => [each.id, {...each, n: 0, said: new Map()}]));
  own.forEach((id, i) => {
    const row = rows.get(id);
    row.n += 1;
    [a, b].forEach(({predicted}, side) => {
      const said = row.said.get(predicted[i]) || [0, 0];
      said[side] += 1;
      row.said.set(predicted[i], said);
    });
  });
  return [...rows.values()];
};

/** Chooses the classes of a heat map: all, or the `most` for which the two cuts differ in most images, in their order. */
export const chooseClasses = (rows, most) => {
  if (rows.length <= most) return rows;
  const changes = new Map(rows.map((row) => [row.id, 0]));
  const add = (id, n) => changes.set(id, (changes.get(id) || 0) + n);
  rows.forEach((row) =>
    row.said.forEach(([first, second], id) => {
      add(row.id, Math.abs(second - first));
      if (id !== row.id) add(id, Math.abs(second - first));
    }),
  );
  const kept = new Set([...rows].sort((one, other) => changes.get(other.id) - changes.get(one.id)).slice(0, most).map(({id}) => id)); // prettier-ignore
  return rows.filter(({id}) => kept.has(id));
};

/** The cells of the heat map, row by row: how much more often the second cut says a class, in points of the images of the row. */
export const buildCells = (rows) =>
  rows.map((row) =>
    rows.map(({id}) => {
      const [first, second] = row.said.get(id) || [0, 0];
      return {first, second, points: row.n ? (100 * (second - first)) / row.n : 0};
    }),
  );
