// @ts-check
/* What is kept of what was fetched or made: the last that were used, up to a number and a size. */

/** Builds a store of at most `most` entries and `bytes` bytes, of which the `least` last ones stay however large they are.
    `onDrop(key)` hears of each that is given up. */
export const keepLast = ({most, bytes = Infinity, least = 1, onDrop = (key) => key}) => {
  const entries = new Map(); /* {value, size}, the one used last at the end */
  let total = 0;
  const remove = (key) => {
    const found = entries.get(key);
    if (!found) return;
    entries.delete(key);
    total -= found.size;
    onDrop(key);
  };
  const trim = () => {
    for (const key of entries.keys()) {
      if (entries.size <= least || (entries.size <= most && total <= bytes)) return;
      remove(key);
    }
  };
  const touch = (key) => {
    const found = entries.get(key);
    if (found) entries.delete(key);
    if (found) entries.set(key, found);
    return found;
  };
  return {
    /** Returns what is kept under a key, which is then the last to be given up; null where there is nothing. */
    get: (key) => (touch(key) || {value: null}).value,
    add: (key, value) => {
      entries.set(key, {value, size: 0});
      trim();
      return value;
    },
    /** Says how large an entry is, once that is known; without effect where it is another one by now. */
    weigh: (key, value, size) => {
      const found = entries.get(key);
      if (!found || found.value !== value) return;
      total += size - found.size;
      found.size = size;
      trim();
    },
    remove,
    keys: () => [...entries.keys()],
    total: () => total,
  };
};
