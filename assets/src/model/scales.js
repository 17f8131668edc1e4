/* Numbers and groups as steps of a scale. Pure; the colours of the steps come with the payload. */
export const STEPS = 16;

/** Numbers as steps of a scale from the least to the greatest; -1 for what is missing. */
const binNumbers = (values) => {
  const known = values.filter((value) => value !== null && value !== undefined);
  if (!known.length) return {bins: values.map(() => -1), low: null, high: null, n: 0};
  const [low, high] = [known.reduce((a, b) => Math.min(a, b)), known.reduce((a, b) => Math.max(a, b))];
  const bin = (value) => (high > low ? Math.min(STEPS - 1, Math.floor(((value - low) / (high - low)) * STEPS)) : STEPS - 1);
  return {bins: values.map((value) => (value === null || value === undefined ? -1 : bin(value))), low, high, n: known.length};
};
/** The largest groups in order of size, as many as there are colours, and each class's place among them, or -1. */
const binGroups = (groups, most) => {
  const sizes = new Map();
  groups.filter((group) => group !== null).forEach((group) => sizes.set(group, (sizes.get(group) || 0) + 1));
  const order = [...sizes.keys()].sort((a, b) => sizes.get(b) - sizes.get(a) || a - b);
  const shown = order.slice(0, most);
  const places = new Map(shown.map((group, place) => [group, place]));
  return {bins: groups.map((group) => (places.has(group) ? places.get(group) : -1)), shown, sizes, n_rest: order.length - shown.length};
};

export const scales = {binNumbers, binGroups};
