// @ts-check
/* The rows of the list of classes: which, in what order, under which groups. Pure: no element, no request. */

const mean = (values) => (values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null);
/** Compares by a key; what has none comes last, whichever way the others go. */
const comparing = (key, sign) => (a, b) => {
  const [x, y] = [key(a), key(b)];
  if ((x === null) !== (y === null)) return x === null ? 1 : -1;
  if (x === y) return 0;
  return x < y ? -sign : sign;
};
const SIGNS = {similarity: -1, 'accuracy-up': 1, 'accuracy-down': -1, name: 1};
const nameKey = (each) => each.name.toLowerCase();

/** Classes in an order; ties stay in the run's order. `similarity` runs along the run's classes. */
const orderClasses = (classes, sort, similarity) => {
  const keys = {
    similarity: (each) => (similarity ? similarity[each.place] : null),
    'accuracy-up': (each) => each.top1,
    'accuracy-down': (each) => each.top1,
    name: nameKey,
  };
  return [...classes].sort(comparing(keys[sort], SIGNS[sort]));
};

/** The groups with their classes; `accuracy` is the mean over the `known` classes that have one. */
const buildHeads = (run) =>
  (run.groups ? run.groups.names : []).map((name, group) => {
    const classes = run.classes.filter((each) => each.group === group);
    const known = classes.map((each) => each.top1).filter((top1) => top1 !== null);
    const n = classes.reduce((sum, each) => sum + each.n, 0);
    return {key: `g${group}`, group, name, rest: run.groups.rest[group], classes, n, accuracy: mean(known), known: known.length};
  });

/** How like the selected class a group is: its most similar class, the selected one itself left out. */
const likeness = (head, similarity, selected) => {
  if (!similarity) return {best: null, mean: null};
  const others = head.classes.filter((each) => each.id !== selected).map((each) => ({id: each.id, value: similarity[each.place]}));
  const best = others.reduce((most, each) => (most === null || each.value > most.value ? each : most), null);
  return {best, mean: mean(others.map((each) => each.value))};
};
/** The group of the selected class leads an order by similarity; classes without a group are always last. */
const orderHeads = (heads, sort, similarity, selected) => {
  const alike = (head) => {
    if (head.classes.some((each) => each.id === selected)) return Infinity;
    const {best} = likeness(head, similarity, selected);
    return best && best.value;
  };
  const keyed = new Map(heads.map((head) => [head, sort === 'similarity' ? alike(head) : sort === 'name' ? nameKey(head) : head.accuracy]));
  const byKey = comparing((head) => keyed.get(head), SIGNS[sort]);
  return [...heads].sort((a, b) => Number(a.rest) - Number(b.rest) || byKey(a, b));
};

/** The rows of classes in their order: `{key, head, n}` for a group with its listed classes, `{key, each}` for a class.

    `groups` is null for one list, else says which group `isOpen`; `found` are the scores of a search, or null; `only`
    are the ids that the list is narrowed to, none for all. One list leaves out the selected class, which is pinned. */
const buildRows = (ordered, {sort, similarity, selected, groups, found, only, heads}) => {
  const narrow = only.length ? new Set(only) : null;
  const isListed = (each) => (!narrow || narrow.has(each.id)) && (!found || found.has(each.id));
  const listed = ordered.filter(isListed);
  const toRow = (each) => ({key: `c${each.id}`, each});
  if (!groups) {
    const rest = listed.filter((each) => each.id !== selected);
    return (found ? rest.sort((a, b) => found.get(a.id) - found.get(b.id)) : rest).map(toRow);
  }
  const members = new Map();
  listed.forEach((each) => (members.has(each.group) ? members.get(each.group).push(each) : members.set(each.group, [each])));
  return orderHeads(
    heads.filter((head) => members.has(head.group)),
    sort,
    similarity,
    selected,
  ).flatMap((head) => {
    const own = members.get(head.group);
    return [{key: head.key, head, n: own.length}, ...(groups.isOpen(head.key) ? own.map(toRow) : [])];
  });
};

export const classes = {orderClasses, buildHeads, likeness, orderHeads, buildRows};
