/* Two classes are compared and drawn as Python compares and draws them. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {loadModel, openPage, plain, readCases} from './scripts.mjs';

const model = await loadModel();
const {run, payloads, pairs} = readCases();

const open = async () => {
  const {page} = openPage({payloads: {run, ...payloads}, modules: ['model/graph', 'model/comparison']});
  await page.openRun(null);
  return page;
};

/** The comparison and the drawing of two classes, from the payloads that the server sends. */
const compare = async (page, ids) => {
  const layers = page.run.layers.map((each) => each.layer);
  const [first, second] = await Promise.all(ids.map((id) => page.load(`class/${id}`)));
  const graphs = [first, second].map((payload) => page.readGraph(payload, layers));
  const comparison = page.compare(...graphs, page.readCosines(first, page.run.classById.get(ids[1])));
  return plain({
    comparison,
    drawing: page.drawComparison(
      layers,
      comparison,
      ids.map((id) => page.run.classById.get(id).n),
    ),
  });
};

const byId = (rows) => Object.fromEntries(rows);

for (const {ids, nodes, edges, layers, parting, drawn} of pairs)
  test(`classes ${ids.join(' and ')} are compared as Python compares them`, async () => {
    const {comparison, drawing} = await compare(await open(), ids);
    assert.deepEqual(
      drawing.nodes.map((n) => [n.id, n.part]),
      nodes,
    );
    assert.deepEqual(
      drawing.edges.map((e) => [e.id, e.part]),
      edges,
    );
    assert.equal(comparison.parting, parting);
    assert.deepEqual(
      comparison.layers.map(({layer, jaccard, shared, onlyA, onlyB}) => [layer, jaccard, shared, onlyA, onlyB]),
      layers.map((each) => each.slice(0, 5)),
    );
    comparison.layers.forEach(({cosine}, index) => assert.ok(Math.abs(cosine - layers[index][5]) < 0.0005001, `${cosine}`));
    const places = byId(drawn.nodes.map(([id, x, y]) => [id, [x, y]]));
    assert.deepEqual(byId(drawing.nodes.map((n) => [n.id, [n.x, n.y]])), places);
    const sizes = byId(drawn.nodes.map(([id, , , size]) => [id, size]));
    const widths = byId(drawn.edges);
    drawing.nodes.forEach((n) => assert.ok(Math.abs(n.size - sizes[n.id]) <= 0.1001, n.id));
    drawing.edges.forEach((e) => assert.ok(Math.abs(e.width - widths[e.id]) <= 0.0101, e.id));
  });

const layersOf = (...jaccards) => jaccards.map((jaccard, index) => ({layer: `conv${index + 1}`, jaccard}));

test('classes part in the first layer after which every one shares less than half', () => {
  assert.equal(model.partingLayer(layersOf(0.9, 0.4, 0.3)), 'conv2');
  assert.equal(model.partingLayer(layersOf(0.4, 0.5, 0.3)), 'conv3');
  assert.equal(model.partingLayer(layersOf(0.4, null, 0.3)), 'conv1'); // a layer without channels says nothing
  assert.equal(model.partingLayer(layersOf(0.1, 0.2, 0.5)), null);
});

test('side by side a shared channel is at the same height, each side with its own edges', () => {
  const node = (id, part, x) => ({id, key: id, part, x, y: 5});
  const edge = (source, target, part) => ({id: `${source}--${target}`, source, target, part});
  const drawing = {
    nodes: [node('s', 'shared', 0), node('a', 'only-a', 100), node('b', 'only-b', -50)],
    edges: [edge('s', 'a', 'only-a'), edge('s', 'b', 'only-b')],
  };
  const {nodes, edges} = plain(model.drawTwoSides(drawing));
  const shared = nodes.filter((each) => each.id === 's');
  assert.deepEqual(
    nodes.map((each) => each.key),
    ['a:s', 'a:a', 'b:s', 'b:b'],
  );
  assert.deepEqual(
    shared.map((each) => each.y),
    [5, 5],
  );
  assert.equal(shared[1].x - shared[0].x, 300); // the width of the drawing, 150, and the gap, 150
  assert.deepEqual(
    edges.map((each) => [each.source, each.target]),
    [
      ['a:s', 'a:a'],
      ['b:s', 'b:b'],
    ],
  );
});

test('classes that are similar before a layer and differ there come by their gap', () => {
  const similarity = {one: [1000, 800, 900, 100], two: [1000, 600, 900, 100], three: [1000, 500, 100, 300]};
  const found = plain(model.differHere(similarity, ['one', 'two', 'three'], 'three', 0));
  assert.deepEqual(
    found.map((each) => each.place),
    [2, 1],
  ); // gaps 0.8 and 0.2; class 3 is more similar there
  assert.deepEqual(plain(model.differHere(similarity, ['one', 'two', 'three'], 'one', 0)), []);
});
