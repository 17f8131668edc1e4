/* A drawing as elements of Cytoscape: their classes, their pictures, the curves of their edges. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {loadModel, readCases} from './scripts.mjs';

const model = await loadModel();
const {layers, classes} = readCases();
const NO_STATE = {prefix: '7:', right: false, zoom: 0.5, classesOf: () => '', nameOf: () => 'a.webp', labelOf: () => ''};
const draw = (drawing, more = {}) =>
  model.toElements(drawing, {...NO_STATE, places: new Map(drawing.nodes.map((node) => [node.key, node])), ...more});

for (const {class_id: id, payload, nodes, edges} of classes.slice(0, 3))
  test(`the elements of class ${id} are those of Python`, () => {
    const elements = draw(model.drawClass(model.readGraph(payload, layers)));
    const [drawn, lines] = ['nodes', 'edges'].map((group) => elements.filter((each) => each.group === group));
    assert.deepEqual(
      drawn.map(({data}) => [data.key, data.size]),
      nodes.map(([key, , , size]) => [key, size]),
    );
    assert.deepEqual(
      lines.map(({data}) => `${data.source}--${data.target}`.replaceAll('7:', '')),
      edges.map(([key]) => key),
    );
    drawn.forEach(({classes: own}, place) => assert.equal(own.includes('bare'), nodes[place][5].includes('bare')));
  });

test('a label stands in place of the number, cut where the room beside the node ends', () => {
  const places = [{x: 0, y: 0}, {x: 106, y: 0}, {x: 30, y: 160}, {x: 4000, y: 160}]; // prettier-ignore
  const at = (place) => model.toLabel({channel: 7}, 'shaggy fur', places[place], places);
  assert.deepEqual(model.toLabel({channel: 7}, '', places[0], places), {label: '7'});
  assert.deepEqual(
    [at(0), at(3)],
    [
      {label: 'shaggy fur', room: 98},
      {label: 'shaggy fur', room: 312},
    ],
  );
  const drawing = model.drawClass(model.readGraph(classes[0].payload, layers));
  const [first, second] = draw(drawing, {labelOf: (node) => (node === drawing.nodes[0] ? 'hand' : '')});
  assert.deepEqual([first.data.label, first.classes.includes('named')], ['hand', true]);
  assert.deepEqual([second.data.label, second.classes.includes('named')], [String(drawing.nodes[1].channel), false]);
});

test('ids are of one drawing alone, because Cytoscape keeps the place of an id that it knows', () => {
  const drawing = model.drawClass(model.readGraph(classes[0].payload, layers));
  const ids = (prefix) => draw(drawing, {prefix}).map(({data}) => data.id);
  assert.equal(new Set([...ids('1:'), ...ids('2:')]).size, 2 * ids('1:').length);
});

/** The points of a curve whose control points Cytoscape finds along and aside of the line between two centres. */
const findPoints = (source, target, {distances, weights}) => {
  const [dx, dy] = [target.x - source.x, target.y - source.y];
  const length = Math.hypot(dx, dy);
  return distances.map((aside, i) =>
    [source.x + weights[i] * dx - (aside * dy) / length, source.y + weights[i] * dy + (aside * dx) / length].map(
      (v) => Math.round(v * 1e6) / 1e6,
    ),
  );
};

test('a curve leaves the upper edge of its source upright and arrives so at the lower one of its target', () => {
  const [source, target] = [
    {x: 10, y: 300, half: 20},
    {x: 200, y: 80, half: 30},
  ];
  assert.deepEqual(findPoints(source, target, model.bend(source, target, false)), [
    [10, 208.6],
    [200, 181.4],
  ]);
});

test('from left to right it leaves sideways', () => {
  const [source, target] = [
    {x: 0, y: 50, half: 10},
    {x: 220, y: 90, half: 10},
  ];
  const [first, second] = findPoints(source, target, model.bend(source, target, true));
  assert.deepEqual([first[1], second[1]], [50, 90]);
});

test('labels and hairlines keep their size on the screen', () => {
  assert.equal(model.toScale(0.5).font * 0.5, model.toScale(2).font * 2);
  assert.ok(Math.abs(model.toLine(1, 0.3).width * 0.3 - 0.9) < 1e-9);
  assert.equal(model.toLine(7, 0.3).width, 7);
});

test('an example has a corner and a surprising channel a mark, above the picture', () => {
  const {image, fit} = model.toImages('a.webp', {picture: 2, surprise: 'foreign'});
  assert.deepEqual([image[0], fit], ['a.webp', ['cover', 'none', 'none']]);
  assert.deepEqual(model.toImages(null, {picture: 2}), {});
  assert.equal(model.toImages('a.webp', {picture: 1}).image.length, 1);
});

test('ends without room between them have no curve', () => {
  const at = (y) => ({x: 0, y, half: 16});
  assert.ok(!model.isTight(at(100), at(60), false));
  assert.ok(model.isTight(at(100), at(70), false));
  assert.ok(model.isTight(at(60), at(100), false));
});
