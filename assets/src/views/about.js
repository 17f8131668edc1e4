// @ts-check
/* What the views show and how it was computed: the blocks of the payload `about`, laid out. */
import * as current from '../current.js';
import {load} from '../data.js';
import {emptyState, h} from '../dom.js';
import {view} from '../views.js';
import {build} from '../widgets/blocks.js';

const section = ({id, title, blocks}) => {
  const names = {id: `about-${id}`, class: 'about-section', 'aria-labelledby': `about-${id}-title`};
  return h('section', names, h('h2', {id: `about-${id}-title`}, title), blocks.map(build));
};

/** Brings the entry of the glossary that a link names into view. */
const showTerm = ({term}) => {
  const found = /** @type {HTMLElement | null} */ (term && document.querySelector(`#about [data-term="${CSS.escape(term)}"]`));
  if (!found) return;
  found.scrollIntoView({block: 'center'});
  found.focus({preventScroll: true});
};
view('about', async (selection, before) => {
  const pane = document.getElementById('about');
  if (!before) pane.replaceChildren();
  if (selection.view !== 'about') return null;
  if (pane.childElementCount) return showTerm(selection);
  const run = current.run;
  const about = await load('about');
  if (current.run !== run || pane.childElementCount) return null;
  if (about.problem) return pane.append(emptyState(about.problem));
  const article = h('article', {class: 'about'}, h('h1', null, current.run.name), about.sections.map(section));
  pane.append(h('div', {class: 'about-scroll', tabindex: 0, role: 'region', 'aria-label': 'About this run'}, article));
  return showTerm(selection);
});
