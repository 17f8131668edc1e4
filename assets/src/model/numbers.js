// @ts-check
/* Sums and roundings that come out as Python's do, to the last bit: what is drawn must equal what the command line writes. */

/** The parts of a sum that do not overlap (Shewchuk 1997). */
const split = (values) => {
  const parts = [];
  for (let x of values) {
    let kept = 0;
    for (let place = 0; place < parts.length; place += 1) {
      let y = parts[place];
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y;
      const low = y - (high - x);
      if (low) parts[kept++] = low;
      x = high;
    }
    parts.length = kept;
    parts.push(x);
  }
  return parts;
};
/** The exact sum, rounded once, whatever the order of the values: Python's `math.fsum`. */
export const sum = (values) => {
  const parts = split(values);
  let high = parts.length ? parts.pop() : 0;
  let low = 0;
  while (parts.length) {
    const before = high;
    const y = parts.pop();
    high = before + y;
    low = y - (high - before);
    if (low) break;
  }
  const next = parts[parts.length - 1];
  if (next && Math.sign(low) === Math.sign(next) && high + 2 * low - high === 2 * low) return high + 2 * low;
  return high;
};
/** Python's `round`: the nearest decimal, ties to the even one. */
export const round = (value, digits) => {
  const halves = value * 2 ** (digits + 1);
  if (!Number.isInteger(halves) || halves % 2 === 0) return Number(value.toFixed(digits));
  const odd = halves * 5 ** digits;
  const lower = (odd - 1) / 2;
  return (lower % 2 === 0 ? lower : lower + 1) / 10 ** digits;
};
