// @ts-check
/* The link to what is on the screen, for the clipboard, and the title of the tab. */
import * as current from './current.js';
import {h} from './dom.js';

const title = globalThis.document ? document.title : '';

/** Names the classes that are shown, then the run: what tells the tabs of a browser apart. */
export const nameTab = ({class_id: id, vs, view}, run) => {
  const first = run.classById.get(id);
  const second = view === 'compare' && run.classById.get(vs);
  const classes = [first, second].filter(Boolean).map((each) => each.name);
  return [classes.join(' vs '), run.name, title].filter(Boolean).join(' · ');
};

/** Writes to the clipboard. A page that is served without TLS to another machine has no clipboard of its own: it selects a field. */
const write = async (text) => {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const field = h('textarea', {class: 'unseen', readonly: true, 'aria-hidden': 'true'}, text);
  const before = /** @type {HTMLElement} */ (document.activeElement);
  document.body.append(field);
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  if (before) before.focus();
  if (!done) throw new Error('refused');
};

let timer = 0;
/** Says something for three seconds, to screen readers too. */
export const say = (text) => {
  document.querySelector('.said')?.remove();
  window.clearTimeout(timer);
  const said = h('div', {class: 'said', role: 'status'}, text);
  document.body.append(said);
  timer = window.setTimeout(() => said.remove(), 3000);
};

/** Copies a text, and says so. */
export const copyText = (text, said) =>
  write(text)
    .then(() => say(said))
    .catch(() => say('The browser refused its clipboard. Mark the text and copy it instead.'));

/** Copies the link to what is on the screen. */
export const copyLink = () =>
  write(window.location.href)
    .then(() => say(current.selection ? 'Link copied' : 'Link copied; the page is still loading'))
    .catch(() => say('The browser refused its clipboard. Copy the address above instead.'));
