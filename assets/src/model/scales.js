// @ts-check
/* Colours of numbers and of groups. Pure. */

const STEPS = 16;

/* Viridis without the end that would vanish: its yellow on light paper, its violet on dark. */
const VIRIDIS = ['#440154', '#482878', '#3e4989', '#31688e', '#26828e', '#1f9e89', '#35b779', '#6ece58', '#b5de2b', '#fde725'];
/* Tol's muted scheme, told apart by colour-blind eyes; the dark theme has a lighter indigo, wine and green. */
const GROUPS = {
  light: ['#332288', '#cc6677', '#117733', '#88ccee', '#882255', '#ddcc77', '#44aa99', '#aa4499', '#999933', '#0077bb'],
  dark: ['#8f84d8', '#cc6677', '#4c9f63', '#88ccee', '#c06090', '#ddcc77', '#44aa99', '#c77fbf', '#aaaa44', '#33a0e8'],
};
const channels = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
const mix = (a, b, t) =>
  `rgb(${channels(a)
    .map((value, i) => Math.round(value + (channels(b)[i] - value) * t))
    .join(' ')})`;
const viridis = (t) => {
  const at = Math.min(VIRIDIS.length - 1.0001, Math.max(0, t * (VIRIDIS.length - 1)));
  return mix(VIRIDIS[Math.floor(at)], VIRIDIS[Math.floor(at) + 1], at % 1);
};
/** The colours of a sequential scale, low to high. */
const sequence = (isDark) =>
  Array.from({length: STEPS}, (_, i) => viridis(isDark ? 0.28 + (0.72 * i) / (STEPS - 1) : (0.88 * i) / (STEPS - 1)));

/** Numbers as steps of a scale from the least to the greatest; -1 for what is missing. */
const binNumbers = (values) => {
  const known = values.filter((value) => value !== null && value !== undefined);
  if (!known.length) return {bins: values.map(() => -1), low: null, high: null, n: 0};
  const [low, high] = [known.reduce((a, b) => Math.min(a, b)), known.reduce((a, b) => Math.max(a, b))];
  const bin = (value) => (high > low ? Math.min(STEPS - 1, Math.floor(((value - low) / (high - low)) * STEPS)) : STEPS - 1);
  return {bins: values.map((value) => (value === null || value === undefined ? -1 : bin(value))), low, high, n: known.length};
};
/** The largest groups in order of size, as many as there are colours, and each class's place among them, or -1. */
const binGroups = (groups, most = GROUPS.light.length) => {
  const sizes = new Map();
  groups.filter((group) => group !== null).forEach((group) => sizes.set(group, (sizes.get(group) || 0) + 1));
  const order = [...sizes.keys()].sort((a, b) => sizes.get(b) - sizes.get(a) || a - b);
  const shown = order.slice(0, most);
  const places = new Map(shown.map((group, place) => [group, place]));
  return {bins: groups.map((group) => (places.has(group) ? places.get(group) : -1)), shown, sizes, n_rest: order.length - shown.length};
};

export const scales = {sequence, groupColors: (isDark) => GROUPS[isDark ? 'dark' : 'light'], binNumbers, binGroups};
