/* The attribution graph of a class, or of two laid over each other: what is asked for, drawn, and left as it is.

   `page.graph` holds the parts of the view (graph_*.js) and what they share: `scene` (what is on the paper), `context`
   (the classes and graphs that it shows) and `frame` (the elements of the pane). */
(function () {
  const page = window.summitDash;
  const graph = (page.graph = page.graph || {});
  const {h} = page;
  const model = () => page.model;
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
    frame.tools = h('div', {class: 'graph-tools'}, frame.legend, graph.buildTools());
    frame.stage = h('div', {class: 'graph-stage'},
      frame.under, frame.paper, frame.card, frame.gutter, frame.map, graph.buildZoom(), frame.table, frame.empty); // prettier-ignore
    pane.replaceChildren(
      h('div', {class: 'graph-bar'}, frame.bar, frame.picker),
      frame.tools,
      h('div', {class: 'graph-body'}, frame.stage, frame.side),
    );
    graph.frame = frame;
    graph.bindViewport();
    graph.bindHover();
    graph.bindKeys();
  };

  // --- what cannot be drawn -----------------------------------------------------------------------------------------
  const classRule = (run) => {
    const ids = run.classes.map((each) => each.id);
    if (!ids.length) return 'This run has no classes.';
    const extent = `from ${ids[0]} to ${ids[ids.length - 1]}`;
    return ids.length === ids[ids.length - 1] - ids[0] + 1
      ? `A class is a number ${extent}.`
      : `A class is one of this run's ${page.count(ids.length)} numbers ${extent}, not all of which are there.`;
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
    found: `The link says vs_run=${found}; served: ${page.boot.runs.map((run) => run.name).join(', ')}.`,
    fix: 'Choose the second class above.',
  });
  const noCommonLayer = (name) => ({
    rule: 'Two graphs are compared layer by layer.',
    found: `${page.run.name} and ${name} have no layer in common.`,
    fix: 'Choose a class of a run of the same model.',
  });
  /** What the address or the choice lacks, before any graph is asked for; null where nothing. `other` is the run of B. */
  const findProblem = ({class_id, vs, vs_run, unread, view}, other) => {
    const {classById} = page.run;
    if (!classById.has(class_id)) return unknownClass('class', 'class' in unread ? unread.class : class_id, page.run);
    if (view !== 'compare') return null;
    if (vs === null && !('vs' in unread)) return noSecond(classById.get(class_id).name);
    if (other.problem) return other.problem;
    if (vs_run && other.name !== vs_run) return unknownRun(vs_run);
    if (!other.classById.has(vs)) return unknownClass('vs', 'vs' in unread ? unread.vs : vs, other);
    return other.layers.some(({layer}) => page.run.layerByName.has(layer)) ? null : noCommonLayer(other.name);
  };

  // --- drawing ------------------------------------------------------------------------------------------------------
  /** The classes that are shown; `run` names the run of one that is not of the run shown. */
  const classesOf = ({view, class_id, vs}, other) => {
    const first = page.run.classById.get(class_id);
    if (view !== 'compare') return [first];
    const second = other.classById.get(vs);
    return [first, other === page.run ? second : {...second, run: other.name}];
  };
  const layersOf = (run) => run.layers.map((layer) => layer.layer);
  const readSecond = (payload, {run}, other) => {
    const read = model().readGraph(payload, layersOf(other));
    return run ? {...read, nodes: read.nodes.map((node) => ({...node, run}))} : read;
  };
  const showProblem = (problem) => {
    graph.frame.empty.replaceChildren(page.emptyState(problem));
    graph.clearScene();
    graph.showLegend();
    graph.showComparison();
    delete graph.frame.stage.dataset.drawn;
    delete graph.frame.stage.dataset.busy;
  };
  /** The graphs, their comparison and the drawing of what is selected. */
  const buildContext = (selection, classes, payloads, added, other) => {
    const first = model().readGraph(payloads[0], layersOf(page.run));
    const context = {classes, graphs: [first], payloads, other, comparison: null};
    if (selection.view !== 'compare') return {...context, drawing: model().drawClass(first, model().readAdded(added, first))};
    const layers = [...new Set([...layersOf(page.run), ...layersOf(other)])];
    const graphs = [{...first, layers}, readSecond(payloads[1], classes[1], other)];
    const comparison = model().compare(...graphs, graph.cosines(payloads[0], classes[1]));
    const drawing = model().drawComparison(layers, comparison, classes.map((each) => each.n));
    return {...context, graphs, comparison, drawing: selection.sides === 'two' ? model().drawTwoSides(drawing) : drawing};
  };
  /** Cosines of A with another class by layer, where the run has activations and both are of it. */
  graph.cosines = ({similarity}, other) =>
    Object.fromEntries(Object.entries((!other.run && similarity) || {}).map(([layer, along]) => [layer, along[other.place] / 1000]));

  const draw = async (selection) => {
    const mine = ++turn;
    const {frame} = graph;
    const other = selection.view === 'compare' && selection.vs_run ? await page.readRun(selection.vs_run) : page.run;
    if (mine !== turn) return;
    graph.showBar(selection, other.problem ? page.run : other);
    const problem = findProblem(selection, other);
    if (problem) return showProblem(problem);
    const classes = classesOf(selection, other);
    frame.stage.dataset.busy = '';
    const pictures = Promise.all(classes.map((each) => page.loadPictures(each.id, each.run)));
    const expand = selection.view === 'compare' ? [] : selection.expand.filter((layer) => page.run.layerByName.has(layer));
    const [payloads, added] = await Promise.all([
      Promise.all(classes.map((each) => page.load(`class/${each.id}`, each.run))),
      Promise.all(expand.map((layer) => page.load(`class/${selection.class_id}/layer/${layer}`))),
    ]);
    if (mine !== turn) return;
    const failed = [...payloads, ...added].find((payload) => payload.problem);
    if (failed) return showProblem(failed.problem);
    const context = buildContext(selection, classes, payloads, added, other);
    const bare = context.graphs.findIndex((each) => !each.nodes.length);
    if (bare >= 0) return showProblem(payloads[bare].missing);
    frame.empty.replaceChildren();
    graph.context = context;
    graph.setScene(context.drawing);
    graph.showLegend(context);
    graph.showGutter(context);
    graph.filter(page.selection);
    graph.fit();
    graph.choose(page.selection);
    graph.showScene();
    graph.showComparison(context);
    delete frame.stage.dataset.busy;
    await pictures;
    if (mine !== turn) return;
    await graph.showPictures();
    if (mine === turn) requestAnimationFrame(() => requestAnimationFrame(() => mine === turn && tellPainted(classes)));
  };
  const tellPainted = (classes) => {
    graph.frame.stage.dataset.drawn = classes.map((each) => each.id).join(',');
    graph.frame.stage.dataset.painted = String(performance.now());
  };

  // --- the view -----------------------------------------------------------------------------------------------------
  const redraws = (selection, before) =>
    page.changed(selection, before, 'view', 'class_id', 'unread', 'expand') ||
    (selection.view === 'compare' && page.changed(selection, before, 'vs', 'vs_run', 'sides'));
  page.view('graph', (selection, before) => {
    if (!graph.frame) buildFrame();
    if (!before) shown = null;
    if (selection.view !== 'graph' && selection.view !== 'compare') {
      graph.hideCard();
      return;
    }
    const last = shown;
    shown = selection;
    graph.showTools(selection);
    if (redraws(selection, last)) {
      draw(selection);
      return;
    }
    if (!graph.scene) return;
    if (page.changed(selection, last, 'direction')) graph.fit();
    else if (page.changed(selection, last, 'width', 'height')) graph.arrange();
    if (page.changed(selection, last, 'covers', 'pins')) graph.filter(selection);
    if (page.changed(selection, last, 'pins')) graph.refit();
    if (page.changed(selection, last, 'layer', 'expand')) graph.markLayer(selection.layer);
    if (page.changed(selection, last, 'layer', 'also')) graph.showComparison(graph.context);
    if (page.changed(selection, last, 'layer', 'channel', 'direction', 'pins')) graph.choose(selection);
  });
})();
