// @ts-check
/* The attribution graph of a class, or of two laid over each other: what is asked for, drawn, and left as it is.

   graph_state.js holds what its parts share: `scene` (what is on the paper), `context` (the classes and graphs that it
   shows) and `frame` (the elements of the pane). */
import * as current from '../current.js';
import {boot, load} from '../data.js';
import {emptyState, h} from '../dom.js';
import {count} from '../format.js';
import {compare, drawComparison, drawTwoSides, readCosines} from '../model/comparison.js';
import {drawClass, readAdded, readGraph} from '../model/graph.js';
import {loadPictures} from '../pictures.js';
import {readRun} from '../runs.js';
import {changed, view} from '../views.js';
import {showComparison} from './compare_panel.js';
import {showBar} from './graph_bar.js';
import {choose, clearScene, filter, setScene, showPictures, showScene} from './graph_canvas.js';
import {hideCard} from './graph_card.js';
import {markLayer, showGutter} from './graph_gutter.js';
import {bindHover} from './graph_hover.js';
import {bindKeys} from './graph_keys.js';
import {graph} from './graph_state.js';
import {buildTools, buildZoom, showLegend, showTools} from './graph_tools.js';
import {arrange, bindViewport, fit, refit} from './graph_viewport.js';

let shown = null;
let turn = 0;

// --- the pane -----------------------------------------------------------------------------------------------------
const buildFrame = () => {
  const pane = document.getElementById('graph');
  const frame = {
    pane,
    bar: h('div', {class: 'graph-class'}),
    picker: h('div', {class: 'picker'}),
    legend: h('div', {class: 'legend'}),
    paper: h('svg', {class: 'graph-paper', role: 'group'}),
    card: h('div', {class: 'graph-card', hidden: true}),
    under: h('div', {class: 'under-paper'}),
    gutter: h('div', {class: 'gutter'}),
    map: h('svg', {class: 'minimap', 'aria-hidden': 'true', hidden: true}),
    table: h('div', {class: 'graph-table', hidden: true}),
    empty: h('div', {class: 'graph-empty'}),
    side: h('aside', {class: 'compare-panel', 'aria-label': 'Layers compared', hidden: true}),
  };
  frame.tools = h('div', {class: 'graph-tools'}, frame.legend, buildTools());
  frame.stage = h('div', {class: 'graph-stage'},
    frame.under, frame.paper, frame.card, frame.gutter, frame.map, buildZoom(), frame.table, frame.empty); // prettier-ignore
  pane.replaceChildren(
    h('div', {class: 'graph-bar'}, frame.bar, frame.picker),
    frame.tools,
    h('div', {class: 'graph-body'}, frame.stage, frame.side),
  );
  graph.frame = frame;
  bindViewport();
  bindHover();
  bindKeys();
};

// --- what cannot be drawn -----------------------------------------------------------------------------------------
const classRule = (run) => {
  const ids = run.classes.map((each) => each.id);
  if (!ids.length) return 'This run has no classes.';
  const extent = `from ${ids[0]} to ${ids[ids.length - 1]}`;
  return ids.length === ids[ids.length - 1] - ids[0] + 1
    ? `A class is a number ${extent}.`
    : `A class is one of this run's ${count(ids.length)} numbers ${extent}, not all of which are there.`;
};
const unknownClass = (key, found, run) => ({
  rule: classRule(run),
  found: `The link says ${key}=${found}.`,
  fix: key === 'class' ? 'Choose a class from the list.' : 'Choose the second class above.',
});
const noSecond = (name) => ({
  rule: 'A comparison takes two classes.',
  found: `${name} is the first.`,
  fix: 'Choose the second one above, or with ⇄ on a row of the list.',
});
const unknownRun = (found) => ({
  rule: 'The second class is of a run that is served.',
  found: `The link says vs_run=${found}; served: ${boot.runs.map((run) => run.name).join(', ')}.`,
  fix: 'Choose the second class above.',
});
const noCommonLayer = (name) => ({
  rule: 'Two graphs are compared layer by layer.',
  found: `${current.run.name} and ${name} have no layer in common.`,
  fix: 'Choose a class of a run of the same model.',
});
/** What the address or the choice lacks, before any graph is asked for; null where nothing. `other` is the run of B. */
const findProblem = ({class_id, vs, vs_run, unread, view}, other) => {
  const {classById} = current.run;
  if (!classById.has(class_id)) return unknownClass('class', 'class' in unread ? unread.class : class_id, current.run);
  if (view !== 'compare') return null;
  if (vs === null && !('vs' in unread)) return noSecond(classById.get(class_id).name);
  if (other.problem) return other.problem;
  if (vs_run && other.name !== vs_run) return unknownRun(vs_run);
  if (!other.classById.has(vs)) return unknownClass('vs', 'vs' in unread ? unread.vs : vs, other);
  return other.layers.some(({layer}) => current.run.layerByName.has(layer)) ? null : noCommonLayer(other.name);
};

// --- drawing ------------------------------------------------------------------------------------------------------
/** The classes that are shown; `run` names the run of one that is not of the run shown. */
const classesOf = ({view, class_id, vs}, other) => {
  const first = current.run.classById.get(class_id);
  if (view !== 'compare') return [first];
  const second = other.classById.get(vs);
  return [first, other === current.run ? second : {...second, run: other.name}];
};
const layersOf = (run) => run.layers.map((layer) => layer.layer);
const readSecond = (payload, {run}, other) => {
  const read = readGraph(payload, layersOf(other));
  return run ? {...read, nodes: read.nodes.map((node) => ({...node, run}))} : read;
};
const showProblem = (problem) => {
  graph.frame.empty.replaceChildren(emptyState(problem));
  clearScene();
  showLegend();
  showComparison();
  delete graph.frame.stage.dataset.drawn;
  delete graph.frame.stage.dataset.busy;
};
/** The graphs, their comparison and the drawing of what is selected. */
const buildContext = (selection, classes, payloads, added, other) => {
  const first = readGraph(payloads[0], layersOf(current.run));
  const context = {classes, graphs: [first], payloads, other, comparison: null};
  if (selection.view !== 'compare') return {...context, drawing: drawClass(first, readAdded(added, first))};
  const layers = [...new Set([...layersOf(current.run), ...layersOf(other)])];
  const graphs = [{...first, layers}, readSecond(payloads[1], classes[1], other)];
  const comparison = compare(...graphs, readCosines(payloads[0], classes[1]));
  const drawing = drawComparison(
    layers,
    comparison,
    classes.map((each) => each.n),
  );
  return {...context, graphs, comparison, drawing: selection.sides === 'two' ? drawTwoSides(drawing) : drawing};
};

const draw = async (selection) => {
  const mine = ++turn;
  const {frame} = graph;
  const other = selection.view === 'compare' && selection.vs_run ? await readRun(selection.vs_run) : current.run;
  if (mine !== turn) return;
  showBar(selection, other.problem ? current.run : other);
  const problem = findProblem(selection, other);
  if (problem) return showProblem(problem);
  const classes = classesOf(selection, other);
  frame.stage.dataset.busy = '';
  const pictures = Promise.all(classes.map((each) => loadPictures(each.id, each.run)));
  const expand = selection.view === 'compare' ? [] : selection.expand.filter((layer) => current.run.layerByName.has(layer));
  const [payloads, added] = await Promise.all([
    Promise.all(classes.map((each) => load(`class/${each.id}`, each.run))),
    Promise.all(expand.map((layer) => load(`class/${selection.class_id}/layer/${layer}`))),
  ]);
  if (mine !== turn) return;
  const failed = [...payloads, ...added].find((payload) => payload.problem);
  if (failed) return showProblem(failed.problem);
  const context = buildContext(selection, classes, payloads, added, other);
  const bare = context.graphs.findIndex((each) => !each.nodes.length);
  if (bare >= 0) return showProblem(payloads[bare].missing);
  frame.empty.replaceChildren();
  graph.context = context;
  setScene(context.drawing);
  showLegend(context);
  showGutter(context);
  filter(current.selection);
  fit();
  choose(current.selection);
  showScene();
  showComparison(context);
  delete frame.stage.dataset.busy;
  await pictures;
  if (mine !== turn) return;
  await showPictures();
  if (mine === turn) requestAnimationFrame(() => requestAnimationFrame(() => mine === turn && tellPainted(classes)));
};
const tellPainted = (classes) => {
  graph.frame.stage.dataset.drawn = classes.map((each) => each.id).join(',');
  graph.frame.stage.dataset.painted = String(performance.now());
};

// --- the view -----------------------------------------------------------------------------------------------------
const redraws = (selection, before) =>
  changed(selection, before, 'view', 'class_id', 'unread', 'expand') ||
  (selection.view === 'compare' && changed(selection, before, 'vs', 'vs_run', 'sides'));
view('graph', (selection, before) => {
  if (!graph.frame) buildFrame();
  if (!before) shown = null;
  if (selection.view !== 'graph' && selection.view !== 'compare') {
    hideCard();
    return;
  }
  const last = shown;
  shown = selection;
  showTools(selection);
  if (redraws(selection, last)) {
    draw(selection);
    return;
  }
  if (!graph.scene) return;
  if (changed(selection, last, 'direction')) fit();
  else if (changed(selection, last, 'width', 'height')) arrange();
  if (changed(selection, last, 'covers', 'pins')) filter(selection);
  if (changed(selection, last, 'pins')) refit();
  if (changed(selection, last, 'layer', 'expand')) markLayer(selection.layer);
  if (changed(selection, last, 'layer', 'also')) showComparison(graph.context);
  if (changed(selection, last, 'layer', 'channel', 'direction', 'pins')) choose(selection);
});
