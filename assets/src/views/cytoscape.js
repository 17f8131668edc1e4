// @ts-check
/* The Cytoscape component that draws the graph: the one module that reaches its instance. */
export const CANVAS = 'graph-canvas';

/** The instance; null before the component is there.
    @returns {any} */
export const canvas = () => {
  /** @type {any} */
  const element = document.getElementById(CANVAS);
  return (element && element._cyreg && element._cyreg.cy) || null;
};
/** The element of the drawing with an id; empty where there is none. */
export const elementOf = (id) => canvas().getElementById(id);

/** Brings pictures into Cytoscape's own store before they are drawn, so that nodes do not appear without them. */
export const loadImages = (urls) => {
  const renderer = canvas() && canvas().renderer();
  if (!renderer || !renderer.getCachedImage) return Promise.resolve([]);
  const settled = (image) =>
    image.complete
      ? image.decode().catch(() => null)
      : new Promise((done) => ['load', 'error'].forEach((name) => image.addEventListener(name, done, {once: true})));
  return Promise.all([...new Set(urls)].map((url) => settled(renderer.getCachedImage(url, 'null', () => null))));
};
/** Binds what the pointer and the window do to the drawing; called once. `doing` has a function for each event.
    The component's own listeners tell Dash of every movement, and draw the page again for it; nothing asks for that. */
export const bindCanvas = (doing) => {
  const cy = canvas();
  cy.removeAllListeners();
  cy.on('tap', (event) => (event.target === cy ? doing.tapPaper() : doing.tap(event.target)));
  cy.on('mouseover', 'node, edge', (event) => doing.enter(event.target, event.originalEvent));
  cy.on('mouseout', 'node, edge', (event) => doing.leave(event.target));
  cy.container().addEventListener('mouseleave', () => {
    cy.renderer().hoverData.last = null; /* else what the pointer left would not be entered anew */
    doing.leave();
  });
  cy.on('mousemove', 'node', (event) => doing.along(event.target, event.originalEvent));
  cy.on('boxend', () => window.setTimeout(doing.boxed));
  cy.on('box', 'node', (event) => doing.box(event.target));
  cy.on('viewport', doing.viewport);
  cy.on('dragpan pinchzoom', doing.touch);
  cy.on('layoutstop', doing.drawn);
};
