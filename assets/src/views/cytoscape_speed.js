// @ts-check
/* Shortcuts past work that Cytoscape and its component do for graphs that people edit. A new graph takes half the time by
   them. They reach into the library (3.28, as dash-cytoscape 1.0 has it); where a later one lacks a function, the shortcut to
   it is left out, and only the time is lost. */

/** Spares the component its own look at new elements: it measures all of them, which costs more than to draw them, and fits
    those that are out of the window. These are placed in the window. Nothing else asks under this name. */
const spareMeasuring = (cy) => {
  Object.getPrototypeOf(cy.collection()).renderedBoundingbox = () => ({x1: 0, y1: 0, x2: 0, y2: 0});
};
/** Spares new elements an event for each property of their first style. All of them are measured anyway. */
const spareEvents = (style) => {
  const {checkTriggers} = style;
  if (!checkTriggers) return;
  style.checkTriggers = (element, ...more) => element[0]._private.appliedInitStyle && checkTriggers.call(style, element, ...more);
};
/** Draws elements directly unless the view is being moved. Cytoscape draws each node into a texture first and then copies
    that, which is quicker for the frames of a moving view alone. */
const drawDirectly = (cy, renderer) => {
  const {drawLayeredElements} = renderer;
  if (!drawLayeredElements || !renderer.drawElements) return;
  let last = {elements: null, zoom: 0, x: 0, y: 0};
  let moved = 0; /* frames in a row that showed the same elements elsewhere */
  renderer.drawLayeredElements = (context, elements, ...more) => {
    const next = {elements, zoom: cy.zoom(), ...cy.pan()};
    const isSame = elements === last.elements;
    const isThere = next.zoom === last.zoom && next.x === last.x && next.y === last.y;
    moved = isSame && !isThere ? moved + 1 : 0;
    last = next;
    if (moved < 2) renderer.drawElements(context, elements);
    else drawLayeredElements.call(renderer, context, elements, ...more);
  };
};
const AWAKE = 60; /* frames without a change after which the loop rests */
/** Hands the frame that is asked for next, by the code that runs now, to `keep` instead of the browser. */
const keepNextFrame = (keep) => {
  const ask = window.requestAnimationFrame;
  const restore = () => (window.requestAnimationFrame = ask);
  window.requestAnimationFrame = (frame) => {
    restore();
    keep(frame);
    return 0;
  };
  queueMicrotask(restore);
};
/** Lets the loop of Cytoscape rest while nothing changes. It asks for every frame of the page, which takes a twentieth of the
    processor while nobody does anything. What is to be drawn wakes it. */
const restWhenIdle = (cy, renderer) => {
  const {redraw} = renderer;
  const {addToAnimationPool} = cy;
  if (!redraw || !addToAnimationPool || !renderer.beforeRender) return;
  let idle = 0;
  let next = null;
  let isAnimated = false;
  const wake = () => {
    idle = 0;
    if (next) window.requestAnimationFrame(next);
    next = null;
  };
  renderer.redraw = (...given) => {
    redraw.apply(renderer, given);
    wake();
  };
  cy.addToAnimationPool = (...given) => {
    isAnimated = true; /* nothing here is; else it would not rest again */
    wake();
    return addToAnimationPool.apply(cy, given);
  };
  const last = -1; /* after all else that is done before a frame */
  renderer.beforeRender((draws) => {
    idle = draws ? 0 : idle + 1;
    if (idle > AWAKE && !isAnimated) keepNextFrame((frame) => (next = frame));
  }, last);
};
/** Takes the shortcuts in an instance. */
export const takeShortcuts = (cy) => {
  spareMeasuring(cy);
  spareEvents(cy.style());
  drawDirectly(cy, cy.renderer());
  restWhenIdle(cy, cy.renderer());
};
