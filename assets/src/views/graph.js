// @ts-check
/* The attribution graph of a class, or of two laid over each other: what is asked for, drawn, and left as it is.

   `drawGraph` fills the component with elements, their places and the style sheet of the theme. What else changes with the
   selection, `show` does on the drawing that is there. */
import * as current from '../current.js';
import {boot, load} from '../data.js';
import {emptyState} from '../dom.js';
import {plural} from '../format.js';
import {loadPictures} from '../pictures.js';
import {endPainting, startPainting} from '../painting.js';
import {readRun} from '../runs.js';
import {foresee} from '../selection.js';
import {changed, view} from '../views.js';
import {compare, drawComparison, drawTwoSides, readCosines} from '../model/comparison.js';
import {toElements, toImages} from '../model/elements.js';
import {applyLooks, drawClass, readAdded, readGraph} from '../model/graph.js';
import {showComparison} from './compare_panel.js';
import {bindCanvas, CANVAS, canvas, elementOf} from './cytoscape.js';
import {showBar} from './graph_bar.js';
import {isOverlay, OVERLAID} from './graph_chosen.js';
import {hideCard} from './graph_card.js';
import {bindChannels, listChannels, moveCursorToChosen} from './graph_channels.js';
import {getFrame} from './graph_frame.js';
import {clearGutter, markLayer, showGutter} from './graph_gutter.js';
import {along, bindCard, box, endBox, enter, leave, tap, tapPaper} from './graph_hover.js';
import {arePicturesKept, bringImages, keepImages, nameOf} from './graph_pictures.js';
import {
  addWays,
  buildScene,
  chosenId,
  choosePart,
  getContext,
  getScene,
  isShown,
  mark,
  nodeOf,
  nameOf as nameOfChannel,
  resize,
  setScene,
  showNames,
} from './graph_scene.js';
import {showLooks} from './graph_looks.js';
import {showTable} from './graph_table.js';
import {buildTools, filter, showLegend, showTools} from './graph_tools.js';
import {buildTray, clearTray, showTray} from './graph_tray.js';
import {readWays} from './graph_ways.js';
import {arrange, bindViewport, fit, fitScene, onViewport, refit, reveal, touch} from './graph_viewport.js';

const PICTURES_AT_MOST = 150; /* ms that a graph waits for its pictures */
let isBuilt = false;
let wanted = null; /* what was asked for last, as text */
let turn = 0;
let waiting = null; /* the scene that the component was given and has not drawn yet */
let last = null;

const build = () => {
  if (isBuilt) return;
  isBuilt = true;
  buildTools();
  bindViewport();
  bindCard();
  bindChannels();
  bindCanvas({tap, tapPaper, enter, leave, along, box, boxed: endBox, viewport: onViewport, touch, drawn: settle});
  document.addEventListener('pointerdown', askEarly, {capture: true});
  document.addEventListener('summit-labels', () => getScene() && !waiting && (showNames(), listChannels()));
  document.addEventListener('summit-alone', () => getScene() && !waiting && listChannels());
  document.addEventListener('summit-theme', () => current.showsRun() && window.dash_clientside.set_props(CANVAS, {stylesheet: styles()}));
};
const styles = () => current.run.stylesheets[document.documentElement.dataset.theme] || current.run.stylesheets.light;

// --- what cannot be drawn -------------------------------------------------------------------------------------------
const classRule = ({classes}) => {
  const ids = classes.map((each) => each.id);
  if (!ids.length) return 'This run has no classes.';
  const extent = `from ${ids[0]} to ${ids[ids.length - 1]}`;
  return ids.length === ids[ids.length - 1] - ids[0] + 1
    ? `A class is a number ${extent}.`
    : `A class is one of this run's ${plural(ids.length, 'number')} ${extent}, not all of which are there.`;
};
const unknownClass = (key, found, theirs) => ({
  rule: classRule(theirs),
  found: `The link says ${key}=${found}.`,
  fix: key === 'class' ? 'Choose a class from the list.' : 'Choose the second class above.',
});
const noSecond = (name) => ({
  rule: 'A comparison takes two classes.',
  found: `${name} is the first.`,
  fix: 'Choose the second one above, or with ⇄ on a row of the list.',
});
const sameTwice = (name) => ({
  rule: 'A comparison takes two different classes.',
  found: `Both are ${name}.`,
  fix: 'Choose another second class above.',
});
const unknownRun = (found) => ({
  rule: 'The second class is of a run that is served.',
  found: `The link says vs_run=${found}; served: ${boot.runs.map(({name}) => name).join(', ')}.`,
  fix: 'Choose the second class above.',
});
const noCommonLayer = (name) => ({
  rule: 'Two graphs are compared layer by layer.',
  found: `${current.run.name} and ${name} have no layer in common.`,
  fix: 'Choose a class of a run of the same model.',
});
/** What the address or the choice lacks, before any graph is asked for; null where nothing. `other` is the run of B. */
const findProblem = ({class_id: id, vs, vs_run: theirs, unread, view}, other) => {
  const {classById} = current.run;
  if (!classById.has(id)) return unknownClass('class', 'class' in unread ? unread.class : id, current.run);
  if (view !== 'compare') return null;
  if (vs === null && !('vs' in unread)) return noSecond(classById.get(id).name);
  if (other.problem) return other.problem;
  if (theirs && other.name !== theirs) return unknownRun(theirs);
  if (!other.classById.has(vs)) return unknownClass('vs', 'vs' in unread ? unread.vs : vs, other);
  if (other === current.run && vs === id) return sameTwice(classById.get(id).name);
  return other.layers.some(({layer}) => current.run.layerByName.has(layer)) ? null : noCommonLayer(other.name);
};

// --- what is drawn --------------------------------------------------------------------------------------------------
/** The classes that are shown; `run` names the run of one that is not of the run shown. */
const classesOf = ({view, class_id: id, vs, chosen}, other) => {
  const first = current.run.classById.get(id);
  if (isOverlay({view, chosen})) return OVERLAID.map((name) => ({...first, name}));
  if (view !== 'compare') return [first];
  const second = other.classById.get(vs);
  return [first, other === current.run ? second : {...second, run: other.name}];
};
const layersOf = ({layers}) => layers.map(({layer}) => layer);
const readSecond = (payload, {run: theirs}, other) => {
  const read = readGraph(payload, layersOf(other));
  return theirs ? {...read, nodes: read.nodes.map((node) => ({...node, run: theirs}))} : read;
};
/** Both graphs of one class laid over each other, by PageRank and by effect. */
const buildOverlay = (context, graphs) => {
  const comparison = compare(...graphs);
  const {layers} = graphs[0];
  const counts = context.classes.map((each) => each.n);
  return {...context, graphs, comparison, isOverlay: true, drawing: drawComparison(layers, comparison, counts)};
};
/** The graphs, their comparison and the drawing of what is selected. */
const buildContext = (asked, classes, payloads, added, other) => {
  const first = readGraph(payloads[0], layersOf(current.run));
  const context = {classes, graphs: [first], payloads, other, comparison: null};
  if (isOverlay(asked)) return buildOverlay(context, [first, readGraph(payloads[1], layersOf(current.run))]);
  if (asked.view !== 'compare') return {...context, drawing: drawClass(first, readAdded(added, first))};
  const layers = [...new Set([...layersOf(current.run), ...layersOf(other)])];
  const graphs = [{...first, layers}, readSecond(payloads[1], classes[1], other)];
  const comparison = compare(...graphs, readCosines(payloads[0], classes[1]));
  const drawing = drawComparison(
    layers,
    comparison,
    classes.map((each) => each.n),
  );
  return {...context, graphs, comparison, drawing: asked.sides === 'two' ? drawTwoSides(drawing) : drawing};
};
/** The payloads of the graphs of classes, by what their channels were chosen by. */
const keysOfGraphs = (asked, classes) => {
  const chosen = (place) => (isOverlay(asked) ? place === 1 : asked.chosen === 'effect');
  return classes.map(({id}, place) => `class/${id}${chosen(place) ? '/effect' : ''}`);
};
/** Everything that the drawing of a selection needs, or its `problem`. */
const read = async (asked, isOld) => {
  const other = asked.view === 'compare' && asked.vs_run ? await readRun(asked.vs_run) : current.run;
  if (isOld()) return null;
  startPainting();
  showBar(asked, other.problem ? current.run : other);
  const problem = findProblem(asked, other);
  if (problem) return {problem};
  const classes = classesOf(asked, other);
  getFrame().stage.dataset.busy = '';
  const pictures = Promise.all(classes.map((each) => loadPictures(each.id, each.run).then(keepImages)));
  const expand = asked.view === 'compare' || isOverlay(asked) ? [] : asked.expand.filter((layer) => current.run.layerByName.has(layer));
  const [payloads, added] = await Promise.all([
    Promise.all(keysOfGraphs(asked, classes).map((key, place) => load(key, classes[place].run))),
    Promise.all(expand.map((layer) => load(`class/${asked.class_id}/layer/${layer}`))),
  ]);
  if (isOld()) return null;
  const failed = [...payloads, ...added].find((payload) => payload.problem);
  if (failed) return {problem: failed.problem};
  const context = buildContext(asked, classes, payloads, added, other);
  const bare = context.graphs.findIndex((each) => !each.nodes.length);
  if (bare >= 0) return {problem: payloads[bare].missing};
  return {context: {...context, images: pictures.then(() => bringImages(context.drawing.nodes))}};
};

/** The properties of the component that show nothing. */
const nothing = () => ({elements: [], layout: {name: 'preset', fit: false, positions: {}}, stylesheet: styles()});
const showProblem = (problem) => {
  const {empty, stage, map, channels} = getFrame();
  empty.replaceChildren(emptyState(problem));
  waiting = null;
  setScene(null);
  hideCard();
  clearTray();
  clearGutter();
  map.hidden = true;
  channels.replaceChildren();
  showLegend();
  showTable();
  showComparison();
  delete stage.dataset.drawn;
  delete stage.dataset.busy;
  endPainting();
  return nothing();
};
const classesOfState = (asked, each) => {
  const states = [!isShown(each) && 'hidden'];
  if (each.node) states.push(each.node.id === chosenId(asked) && 'chosen', asked.pins.includes(each.node.id) && 'pinned');
  return states.filter(Boolean).join(' ');
};
/** The properties of the component that show a context, with its pictures where they are there. */
const draw = (context) => {
  const asked = current.selection;
  applyLooks(context.drawing.nodes, asked);
  const scene = buildScene(context.drawing, context);
  choosePart(scene, asked);
  const {zoom, pan} = fitScene(scene);
  const classesAt = (key) => classesOfState(asked, scene.nodes.get(key) || scene.edges.get(key));
  const right = asked.direction === 'right';
  const isPictured = arePicturesKept(context.drawing.nodes);
  const elements = toElements(context.drawing, {
    prefix: scene.prefix,
    places: scene.nodes,
    right,
    zoom,
    classesOf: classesAt,
    nameOf: isPictured ? nameOf : () => null,
    labelOf: nameOfChannel,
  });
  waiting = Object.assign(scene, {isPictured});
  const layout = {name: 'preset', fit: false, positions: {}, zoom, pan};
  return {elements: [...elements, ...buildTray(scene.prefix)], layout, stylesheet: styles()};
};
const applyAsked = (asked) => {
  if (resize(asked)) arrange();
  showLooks();
};
/** The component has drawn what it was given. */
const settle = () => {
  const scene = waiting;
  if (!scene || elementOf(scene.nodes.values().next().value.id).empty()) return;
  waiting = null;
  const {stage, empty} = getFrame();
  const {context} = scene;
  hideCard();
  clearTray();
  setScene(scene);
  empty.replaceChildren();
  showLegend(context);
  showGutter(context);
  filter(current.selection);
  onViewport();
  applyAsked(current.selection);
  choose(current.selection);
  showComparison(context);
  delete stage.dataset.busy;
  finish(scene, turn);
};
/** Gives the nodes their pictures, where these came after the payload. What is drawn waits a moment for them, so that it is
    painted once. */
const addPictures = async (scene, isOld) => {
  const {images} = scene.context;
  await null; /* the component has its own look at the elements first */
  canvas().startBatch();
  const areIn = await Promise.race([images.then(() => true), new Promise((done) => window.setTimeout(done, PICTURES_AT_MOST))]);
  if (areIn && !isOld()) showImages(scene);
  canvas().endBatch();
  if (!areIn) {
    await images;
    if (!isOld()) canvas().batch(() => showImages(scene));
  }
};
const nextFrame = () => new Promise((done) => requestAnimationFrame(done));
/** Says so once all is painted, and adds what needs another answer of the server. */
const finish = async (scene, mine) => {
  const isOld = () => mine !== turn || getScene() !== scene;
  if (!scene.isPictured) await addPictures(scene, isOld);
  await nextFrame();
  await nextFrame();
  if (isOld()) return;
  tellPainted(scene.context.classes);
  if (scene.context.isOverlay || current.selection.chosen === 'effect') return; /* ways are those of the published graph */
  const ways = await readWays(scene);
  if (ways.length && !isOld()) addWays(ways, {right: current.selection.direction === 'right'});
};
const showImages = (scene) => scene.nodes.forEach(({id, node}) => elementOf(id).data(toImages(nameOf(node), node)));
const tellPainted = (classes) => {
  const {stage} = getFrame();
  stage.dataset.drawn = [...new Set(classes.map((each) => each.id))].join(',');
  stage.dataset.painted = String(performance.now());
  endPainting();
};

// --- the view -------------------------------------------------------------------------------------------------------
const isGraph = ({view}) => view === 'graph' || view === 'compare';
/** What a drawing depends on. */
const keyOf = ({run: name, view, class_id: id, unread, expand, vs, vs_run: theirs, sides, chosen}) =>
  JSON.stringify([name, chosen, current.run.name, view, id, unread, expand, view === 'compare' && [vs, theirs, sides]]);

const isOwn = (id) => current.run && current.run.classById.has(id);
const ask = (id) => {
  load(`class/${id}`);
  loadPictures(id);
};
/** Asks for a class as soon as it is pressed, and for what a selection needs before Dash has passed it on. */
const askEarly = (event) => {
  const row = event.target.closest && event.target.closest('[data-class]');
  if (row && isGraph(current.selection) && isOwn(Number(row.dataset.class))) ask(Number(row.dataset.class));
};
foresee(({run, view, class_id: id, vs, vs_run: theirs}) => {
  if (!isGraph({view}) || (run && run !== current.run.name)) return;
  [id, view === 'compare' && !theirs ? vs : null].filter(isOwn).forEach(ask);
});
/** Fills the component for a selection, where that needs another drawing. One that is not there yet when another is wanted is
    never drawn. */
const drawGraph = async (asked) => {
  const key = keyOf(asked);
  if (key === wanted) return;
  wanted = key;
  turn += 1;
  const mine = turn;
  const found = await read(asked, () => mine !== turn);
  if (!found || mine !== turn) return;
  window.dash_clientside.set_props(CANVAS, found.problem ? showProblem(found.problem) : draw(found.context));
};
const choose = (asked) => {
  const id = chosenId(asked);
  mark('chosen', (each) => each.node.id === id);
  const chosen = id && nodeOf(id);
  showTray(chosen, id, listChannels);
  reveal(chosen);
  moveCursorToChosen();
};
const show = (asked, before) => {
  if (!canvas()) return;
  build();
  const former = before && last;
  last = asked;
  if (!isGraph(asked)) {
    hideCard();
    return;
  }
  drawGraph(asked).catch((failure) => {
    window.console.error('graph:', failure);
    endPainting();
  });
  showTools(asked);
  if (keyOf(asked) !== wanted || !getScene() || waiting) return;
  if (changed(asked, former, 'direction')) fit();
  else if (changed(asked, former, 'width', 'height')) arrange();
  if (changed(asked, former, 'covers', 'pins')) filter(asked);
  applyAsked(asked);
  if (changed(asked, former, 'pins')) refit();
  if (changed(asked, former, 'layer', 'expand')) markLayer(asked.layer);
  if (changed(asked, former, 'layer', 'also')) showComparison(getContext());
  if (changed(asked, former, 'channel_layer', 'channel', 'direction', 'pins')) choose(asked);
};
view('graph', show);
