/* What the pointer and the focus do: light a node with its influences, or an influence with its ends; click and pin. */
(function () {
  const page = window.summitDash;
  const graph = (page.graph = page.graph || {});
  let lit = null;

  const find = (element) => {
    const owner = element.closest && element.closest('[data-key]');
    if (!owner || !graph.scene) return null;
    const {nodes, edges} = graph.scene;
    return owner.hasAttribute('data-node') ? nodes.get(owner.dataset.key) : edges.get(owner.dataset.key);
  };
  graph.find = find;
  const unlight = () => {
    lit = null;
    if (graph.scene) graph.light([], []);
  };
  const lightNode = (each) => {
    const edges = [...each.into, ...each.out].filter(graph.isShown);
    graph.light([each, ...edges.flatMap((edge) => [edge.source, edge.target])], edges);
    graph.showCard(each.node, each.element, graph.tellUse(each.node));
  };
  const tellEdge = (edge) => {
    const {classes, comparison} = graph.context;
    const use = (count, n) => `${page.of(count, n)} images`;
    if (!comparison) return [`influence counted in ${use(edge.counts[0], classes[0].n)}, mean ${edge.means[0]}`];
    return classes.map(({name, n}, place) =>
      `${'AB'[place]} ${name}: ${edge.counts[place] === null ? 'not in its graph' : `counted in ${use(edge.counts[place], n)}, mean ${edge.means[place]}`}`); // prettier-ignore
  };
  const lightEdge = (each, event) => {
    graph.light([each.source, each.target], [each]);
    const stage = graph.frame.stage.getBoundingClientRect();
    const ends = [each.source.node, each.target.node];
    graph.showEdgeCard(each.edge.key, ends, tellEdge(each.edge), {x: event.clientX - stage.left, y: event.clientY - stage.top});
  };

  const enter = (event) => {
    if (graph.isDragging()) return;
    const ghost = event.target.closest('[data-ghost]');
    const each = find(event.target);
    if (ghost) graph.showGhostCard(ghost);
    else if (!each) {
      if (lit) leave();
      return;
    }
    if (each === lit || ghost) return graph.keepCard();
    lit = each;
    if (each.node) lightNode(each);
    else lightEdge(each, event);
  };
  const leave = () => graph.leaveCard(unlight);

  /** A click on a node, or Enter: opens its channel. */
  graph.open = (element) => {
    const each = find(element);
    if (!each || !page.run.layerByName.has(each.node.layer)) return;
    graph.hideCard(); /* the panel says it all, and the tray beneath the node needs the room */
    page.dispatch({layer: each.node.layer, channel: each.node.channel});
  };
  graph.pin = (id) => {
    const {pins} = page.selection;
    page.dispatch({pins: pins.includes(id) ? pins.filter((pin) => pin !== id) : [...pins, id]});
    graph.hideCard();
    unlight();
  };
  graph.bindHover = () => {
    const {paper, card} = graph.frame;
    paper.addEventListener('pointerover', enter);
    paper.addEventListener('pointerleave', leave);
    paper.addEventListener('pointermove', (event) => {
      const owner = event.pointerType === 'mouse' && event.target.closest('[data-node]');
      if (owner) graph.scrubAlong(event, owner);
    });
    paper.addEventListener('focusin', (event) => {
      const each = event.target.matches(':focus-visible') && find(event.target);
      if (!each || each === lit) return;
      lit = each;
      lightNode(each);
    });
    paper.addEventListener('focusout', leave);
    card.addEventListener('pointerenter', graph.keepCard);
    card.addEventListener('pointerleave', leave);
    card.addEventListener('focusout', leave);
  };
})();
