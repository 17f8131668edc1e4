// @ts-check
/** Keeps a value in this browser, or reads it; null where the browser refuses, as in a private window. */
export const remember = (key, value) => {
  try {
    if (value !== undefined) window.localStorage.setItem(`summit-dash-${key}`, JSON.stringify(value));
    return JSON.parse(window.localStorage.getItem(`summit-dash-${key}`));
  } catch {
    return null;
  }
};
