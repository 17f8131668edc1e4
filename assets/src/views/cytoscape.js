// @ts-check
/* The Cytoscape component that draws the graph: the one module that reaches its instance. */
import {limitMemory} from './cytoscape_memory.js';
import {takeShortcuts} from './cytoscape_speed.js';

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

const MOST = 400; /* pictures that Cytoscape keeps */
const kept = new Map(); /* promises of pictures by name, those asked for last at the end */
/** Brings pictures, {name, url}, into Cytoscape's own store before they are drawn by their names, so that nodes do not appear
    without them. `url()` is asked for once. */
export const loadImages = (pictures) => {
  const renderer = canvas() && canvas().renderer();
  if (!renderer || !renderer.getCachedImage) return Promise.resolve([]);
  const store = (renderer.imageCache = renderer.imageCache || {});
  const names = new Set(pictures.map(({name}) => name));
  pictures.forEach(({name, url}) => {
    const arrives = kept.get(name) || keepImage(store, name, url());
    kept.delete(name);
    kept.set(name, arrives);
  });
  for (const name of kept.keys()) {
    if (kept.size <= Math.max(MOST, names.size)) break;
    kept.delete(name);
    delete store[name];
  }
  return Promise.all([...names].map((name) => kept.get(name)));
};
/** Whether Cytoscape can draw pictures now, by their names. */
export const hasImages = (names) => {
  const {imageCache: store = {}} = canvas().renderer();
  return names.every((name) => store[name] && store[name].image.complete);
};
/** Resolves when a picture is there. It is decoded when it is drawn: `decode()` would wait for a frame of the page. */
const keepImage = (store, name, url) =>
  new Promise((done) => {
    const image = new Image();
    store[name] = {image};
    image.onload = done;
    image.onerror = () => done(Object.assign(image, {error: true})); /* as Cytoscape marks it */
    image.src = url;
  });
/** Binds what the pointer and the window do to the drawing; called once. `doing` has a function for each event.
    The component's own listeners tell Dash of every movement, and draw the page again for it; nothing asks for that. */
export const bindCanvas = (doing) => {
  const cy = canvas();
  cy.removeAllListeners();
  takeShortcuts(cy);
  limitMemory(cy);
  cy.on('tap', (event) => (event.target === cy ? doing.tapPaper() : doing.tap(event.target)));
  cy.on('mouseover', 'node, edge', (event) => doing.enter(event.target, event.originalEvent));
  cy.on('mouseout', 'node, edge', (event) => doing.leave(event.target));
  cy.container().addEventListener('mouseleave', () => {
    cy.renderer().hoverData.last = null; /* else what the pointer left would not be entered anew */
    doing.leave();
  });
  cy.on('mousemove', 'node', (event) => doing.along(event.target, event.originalEvent));
  cy.on('boxstart', () => cy.container().classList.add('is-boxing'));
  cy.on('boxend', () => {
    cy.container().classList.remove('is-boxing');
    window.setTimeout(doing.boxed);
  });
  cy.on('box', 'node', (event) => doing.box(event.target));
  cy.on('viewport', doing.viewport);
  cy.on('dragpan pinchzoom', doing.touch);
  cy.on('layoutstop', doing.drawn);
};
