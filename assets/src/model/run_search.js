// @ts-check
/* The search among runs: every word stands somewhere in the name, the model or the dataset. */

const MOST = 100;

/** Finds the runs that match, those whose name begins with the text first, else in their order. */
export const findRuns = (runs, text) => {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const isMatch = ({name, about = ''}) => words.every((word) => `${name} ${about}`.toLowerCase().includes(word));
  const begins = ({name}) => name.toLowerCase().startsWith(text.trim().toLowerCase());
  const found = runs.filter(isMatch);
  return [...found.filter(begins), ...found.filter((each) => !begins(each))].slice(0, MOST);
};
