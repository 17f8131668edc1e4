/* What a link asks for that is not there is said, with the rule; what a view says itself is not said twice. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {openPage} from './scripts.mjs';

const {page} = openPage({modules: ['link_faults']});
const {fromQuery, complete} = page.selections;
const LAYERS = [
  {layer: 'conv1', n_channels: 4},
  {layer: 'layer1.0-add', n_channels: 8},
];
const RUN = {
  name: 'demo',
  layers: LAYERS,
  layerByName: new Map(LAYERS.map((each) => [each.layer, each])),
  classes: [],
  classByName: new Map(),
  has: {accuracy: true},
  classById: new Map([3, 5].map((id) => [id, {id}])),
};
const read = (query) =>
  page
    .findFaults(complete(fromQuery(query), RUN), RUN, ['demo', 'other'], ['graph', 'compare', 'about'])
    .map(({rule, found, fix}) => `${rule} ${found} ${fix}`);

for (const query of [
  '?class=3&layer=conv1',
  '?class=3&vs=5&view=compare&bars=shown&q=fox',
  '?class=3&pins=conv1-3,layer1.0-add-7&expand=conv1&as=table&examples=a',
  '?run=other&class=5&view=about',
  '?class=99' /* the graph says it */,
  '?class=3&vs=3&view=compare' /* so does the comparison */,
  '?class=3&layer=conv9&channel=2' /* and the panel of a channel */,
])
  test(`nothing is said about ${query}`, () => assert.deepEqual([...read(query)], []));

for (const [query, ...words] of [
  ['?run=nope', 'A link names a run that is served.', '“nope”', 'demo, other', 'Showing demo.'],
  ['?view=images', 'A view is one of graph, compare, about.', 'view=images'],
  ['?class=3&vs=3', 'two different classes', 'vs=3'],
  ['?class=3&vs=77', 'The second class is a number or a name of this run.', 'vs=77'],
  ['?class=99&view=about', 'A class is a number or a name of this run.', 'class=99'],
  ['?class=3&layer=conv9', 'A layer is one of conv1, layer1.0-add.', 'layer=conv9', 'Showing layer1.0-add.'],
  ['?class=3&layer=conv9&channel=2&channel_layer=conv1', 'A layer is one of', 'layer=conv9'],
  ['?class=3&layer=conv9&channel=2&view=about', 'A layer is one of', 'layer=conv9'],
  ['?class=3&expand=conv1,conv9', 'expand=conv9.'],
  ['?class=3&pins=conv1-4,conv1-3', 'such as layer1.0-add-7', 'pins=conv1-4.'],
  ['?class=3&pins=carp', 'pins=carp'],
  ['?class=3&sort=size', 'one of similarity, accuracy-up, accuracy-down, name', 'Showing similarity.'],
  ['?class=3&covers=half', 'whole number of per cent', 'Showing 100.'],
  ['?clas=3', 'A link holds run, class, vs', 'clas=3'],
])
  test(`the rule is said about ${query}`, () => {
    const said = read(query);
    assert.equal(said.length, 1);
    words.forEach((word) => assert.ok(said[0].includes(word), `${said[0]} lacks ${word}`));
  });
