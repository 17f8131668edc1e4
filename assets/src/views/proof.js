// @ts-check
/* The page of proof: what becomes of the chosen class without the channels of its graph, then of all classes, then of edges. */
import * as current from '../current.js';
import {load} from '../data.js';
import {emptyState, h} from '../dom.js';
import {changed, view} from '../views.js';
import {fill} from '../widgets/blocks.js';

const part = (name) => document.querySelector(`#proof .proof-${name}`);
let shown = null; /* the payload whose tables are there */

view('proof', async (selection, last) => {
  if (selection.view !== 'proof' || !changed(selection, last, 'view', 'class_id', 'run')) return;
  const {run} = current;
  const info = run.classById.get(selection.class_id);
  const found = await load('proof');
  if (current.run !== run || current.selection.view !== 'proof') return;
  if (shown !== found) ['all', 'layers', 'edges'].forEach((name) => fill(part(name), found[name] || []));
  shown = found;
  if (found.problem) part('class').replaceChildren(emptyState(found.problem));
  if (found.problem || !info) return;
  const own = await load(`proof/${info.id}`);
  if (current.run !== run || current.selection.class_id !== info.id) return;
  if (own.problem) part('class').replaceChildren(h('h2', {}, info.name), emptyState(own.problem));
  else fill(part('class'), own.blocks);
});
