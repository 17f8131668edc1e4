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
