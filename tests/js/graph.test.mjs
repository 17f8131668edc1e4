/* The graph of a class is drawn as Python draws it; pins and the share of activation choose what is shown. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {loadModel, plain, readCases} from './scripts.mjs';

const model = await loadModel();
const {layers, classes} = readCases();

const near = (a, b) => Math.abs(a - b) <= 0.0501;
for (const {class_id: id, payload, nodes, edges} of classes)
  test(`class ${id} is drawn as Python draws it`, () => {
    const drawing = plain(model.drawClass(model.readGraph(payload, layers)));
    assert.deepEqual(
      drawing.nodes.map((n) => [n.id, n.x, n.y, n.size, n.covered]),
      nodes.map((each) => each.slice(0, 5)),
    );
    drawing.edges.forEach((edge, place) => {
      const [key, width, covered] = edges[place];
      assert.ok(edge.id === key && near(edge.width, width) && edge.covered === covered, key);
    });
  });

test('reasons of surprising channels are read where a run knows any', () => {
  const {payload} = classes[0];
  const read = (surprising) => model.readGraph({...payload, surprising}, layers).nodes.map((node) => node.surprise);
  assert.deepEqual(read([{node: 1, reasons: ['Odd.', 'Foreign.']}, null, {node: 'x'}]).slice(0, 2), [null, 'Odd. Foreign.']);
  assert.ok(read(undefined).every((reason) => reason === null));
  assert.ok(read('broken').every((reason) => reason === null));
});

test('nodes show what is asked for by size and ring where they have it, and stay where they are', () => {
  const {payload} = classes[0];
  const n = payload.nodes.channel.length;
  const effects = Array.from({length: n}, (_, place) => (place ? -0.5 : 1));
  const graph = model.readGraph({...payload, nodes: {...payload.nodes, levels: {effect: effects}}}, layers);
  const added = {nodes: [{id: 'more', layer: layers[0], channel: 999, count: 1, score: null, picture: 0, added: true}], edges: []};
  const {nodes} = model.drawClass(graph, added);
  const look = (name) => plain(nodes.map((node) => node[name]));
  const [counts, places] = [look('size'), look('x')];
  assert.equal(model.sizedBy(nodes, 'pagerank'), 'count');
  assert.equal(model.applyLooks(nodes, {size: 'pagerank', ring: 'plain'}).length, 0);
  model.applyLooks(nodes, {size: 'effect', ring: 'effect'});
  assert.deepEqual(look('size'), [...effects.map((effect) => (effect > 0 ? 96 : 32)), 32]);
  assert.deepEqual(look('level'), [...effects, 0]);
  assert.deepEqual(look('x'), places);
  assert.equal(model.applyLooks(nodes, {size: 'effect', ring: 'plain'}).length, n);
  model.applyLooks(nodes, {size: 'count', ring: 'plain'});
  assert.deepEqual(look('size'), counts);
});

const toDrawing = (letters, pairs, covered = {}) => ({
  nodes: [...letters].map((key) => ({key, id: key, covered: covered[key] || 0})),
  edges: pairs.map(([source, target]) => ({source, target})),
});
const show = (drawing, covers, pins) => [...model.shownNodes(drawing, covers, pins)].sort().join('');

test('pins leave what is connected upwards and downwards', () => {
  const drawing = toDrawing('abcdef', ['ab', 'bc', 'bd', 'eb', 'ef']);
  assert.equal(show(drawing, 100, ['b']), 'abcde');
  assert.equal(show(drawing, 100, ['c', 'f']), 'abcef');
  assert.equal(show(drawing, 100, []), 'abcdef');
  assert.equal(show(drawing, 100, ['gone']), 'abcdef');
});

test('a channel that the share of activation hides connects nothing', () => {
  const drawing = toDrawing('abc', ['ab', 'bc'], {b: 60});
  assert.equal(show(drawing, 100, ['a']), 'abc');
  assert.equal(show(drawing, 50, ['a']), 'a');
  assert.equal(show(drawing, 50, ['b']), 'ac'); // a hidden pin holds nothing
});

test('channels of an expanded layer are added once, with the influences that reach them', () => {
  const graph = {layers: ['one', 'two'], nodes: [{id: 'one-1'}, {id: 'two-4'}], edges: []};
  const edges = {source_layer: [0, 0, 0], source: [1, 1, 9], target_layer: [1, 1, 1], target: [4, 5, 5], count: [7, 3, 2], mean: [1, 2, 3]};
  const added = plain(model.readAdded([{layer: 'two', channel: [4, 5], count: [8, 6], picture: [0, 1], edges}], graph));
  assert.deepEqual(
    added.nodes.map((node) => node.id),
    ['two-5'],
  );
  assert.deepEqual(
    added.edges.map((edge) => [edge.id, edge.count, edge.mean]),
    [['one-1--two-5', 3, 2]],
  );
});
