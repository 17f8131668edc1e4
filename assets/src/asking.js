// @ts-check
/* Pages that ask the server: what the address wants goes there, and the browser asks again until nothing is new. */
import * as current from './current.js';

let resend = () => {};
/** The pages whose last question is not withdrawn. @type {Set<string>} */
const asking = new Set();
/** What the address asks of a page; null when the page is left. Dash calls it for each selection: while other pages are
    shown, there is nothing new for the server. */
export const want = (selection, {page, fields}) => {
  const isShown = Boolean(selection && selection.view === page && current.run);
  if (!isShown) return asking.delete(page) ? null : window.dash_clientside.no_update;
  asking.add(page);
  resend = () => window.dash_clientside.set_props(`${page}-wanted`, {data: want(current.selection, {page, fields})});
  return {
    run: current.run.name,
    theme: document.documentElement.dataset.theme,
    ...Object.fromEntries(fields.map((name) => [name, selection[name]])),
  };
};
document.addEventListener('summit-theme', () => {
  if (current.selection && asking.has(current.selection.view)) resend();
});

const SOON = 50;
const LATE = 400; /* milliseconds */
let newAt = 0;
/** Asks the server for what is new, a moment after its last answer is shown: questions never overtake one another. The
    longer nothing is new, the longer that moment. */
export const askAgain = (more) => {
  if (!more) return;
  if (more.isNew) newAt = performance.now();
  const pause = Math.min(LATE, Math.max(SOON, (performance.now() - newAt) / 4));
  window.setTimeout(() => window.dash_clientside.set_props(`${more.page}-ask`, {data: more.at}), pause);
};
