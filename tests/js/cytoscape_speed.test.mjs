/* Textures are for frames of a moving view; all else is drawn directly. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {takeShortcuts} from '../../assets/src/views/cytoscape_speed.js';

const build = (missing) => {
  const ways = [];
  const view = {zoom: 1, x: 0, y: 0};
  const renderer = {drawElements: () => ways.push('direct'), drawLayeredElements: () => ways.push('textures')};
  if (missing) delete renderer[missing];
  const cy = {collection: () => Object.create({}), style: () => ({}), renderer: () => renderer};
  takeShortcuts({...cy, zoom: () => view.zoom, pan: () => ({x: view.x, y: view.y})});
  return {ways, view, draw: (elements) => renderer.drawLayeredElements({}, elements)};
};

test('a view that rests, new elements and a single step are drawn directly', () => {
  const {ways, view, draw} = build();
  const elements = [{}];
  draw(elements);
  draw(elements);
  view.x = 5;
  draw(elements);
  draw(elements);
  view.zoom = 2;
  draw([{}]);
  assert.deepEqual(new Set(ways), new Set(['direct']));
});

test('a view that keeps moving is drawn by textures until it rests', () => {
  const {ways, view, draw} = build();
  const elements = [{}];
  for (let step = 0; step < 4; step += 1) {
    view.y = step;
    draw(elements);
  }
  draw(elements);
  assert.deepEqual(ways, ['direct', 'direct', 'textures', 'textures', 'direct']);
});

test('a Cytoscape without these functions draws as it does', () => {
  const {ways, draw} = build('drawElements');
  draw([{}]);
  assert.deepEqual(ways, ['textures']);
});

/** A renderer with the loop of Cytoscape, and the frames of a page that are run by hand. */
const buildLoop = () => {
  const frames = [];
  globalThis.window = {requestAnimationFrame: (frame) => frames.push(frame)};
  const callbacks = [];
  const renderer = {drawn: 0, requestedFrame: false};
  renderer.beforeRender = (fn, priority) => callbacks.push({fn, priority}) && callbacks.sort((a, b) => b.priority - a.priority);
  renderer.redraw = () => (renderer.requestedFrame = true);
  const loop = () => {
    const draws = renderer.requestedFrame;
    callbacks.forEach(({fn}) => fn(draws));
    renderer.drawn += draws;
    renderer.requestedFrame = false;
    window.requestAnimationFrame(loop);
  };
  loop();
  const cy = {collection: () => Object.create({}), style: () => ({}), renderer: () => renderer, addToAnimationPool: () => {}};
  takeShortcuts(cy);
  const run = (n) => Array.from({length: n}).forEach(() => frames.splice(0).forEach((frame) => frame()));
  return {cy, renderer, frames, run};
};

test('the loop rests while nothing changes, and goes on when something is to be drawn', () => {
  const {renderer, frames, run} = buildLoop();
  run(100);
  assert.equal(frames.length, 0);
  renderer.redraw();
  renderer.redraw();
  assert.equal(frames.length, 1);
  run(1);
  assert.equal(renderer.drawn, 1);
  run(10);
  assert.equal(frames.length, 1);
  run(100);
  assert.equal(frames.length, 0);
});

test('a frame of another asker is never kept, and animations keep the loop awake', () => {
  const {cy, frames, run} = buildLoop();
  run(100);
  window.requestAnimationFrame(() => {});
  assert.equal(frames.length, 1);
  run(1);
  cy.addToAnimationPool();
  run(200);
  assert.equal(frames.length, 1);
});
