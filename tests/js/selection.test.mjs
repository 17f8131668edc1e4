/* The state of the page: its form in the address, and what actions make of it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {openPage, plain, seededRandom} from './scripts.mjs';

const {selections} = openPage().page;
const {fromQuery, toQuery, apply, complete, isStep} = selections;

const QUERIES = [
  '?class=270&vs=269&layer=mixed4d&channel=346&view=compare&covers=62',
  '?run=mine&class=3&also=4%2C5&pins=conv1-3%2Cconv2-4',
  '?view=channels&layer=conv3&order=graphs&flag=dead',
  '?class=3&vs=5&view=compare&as=table&bars=shown&examples=b&q=gray+fox',
  '',
];
const listFields = (query) => [...new URLSearchParams(query)].sort();
for (const query of QUERIES)
  test(`the query “${query}” is written as it was read`, () => {
    const read = fromQuery(query);
    assert.deepEqual(plain(fromQuery(toQuery(read))), plain(read));
    assert.deepEqual(listFields(toQuery(read)), listFields(query));
  });

for (const text of ['class=wolf', 'class=-1', 'class=1e3', 'view=nothing', 'covers=x', 'also=1,b'])
  test(`${text} cannot be read, and is kept for a message`, () => {
    const [key, value] = text.split('=');
    assert.deepEqual(plain(fromQuery(`?${text}`).unread), {[key]: value});
  });

test('a set of classes is written as spans and read back', () => {
  const query = toQuery({...selections.empty(), only: [9, 4, 5, 6, 1]});
  assert.equal(query, '?only=1.4-6.9');
  assert.deepEqual(plain(fromQuery(query).only), [1, 4, 5, 6, 9]);
});

const buildRun = (list) => {
  const classes = list.map(([id, full], place) => ({id, full, place}));
  return {name: 'run', classes, layers: [], has: {}, classByName: new Map(classes.map((each) => [each.full, each]))};
};
/** The selection that a link becomes in a run, with B's class in another, and the query that is written of it. */
const readLink = (query, names, others) => {
  const runs = [names, others].map(buildRun);
  const after = complete(fromQuery(query), ...runs);
  return plain({after, query: toQuery(after, runs)});
};
const NUMBERS = [
  [0, '0'],
  [1, '10'],
  [2, '2'],
  [3, 'wolf'],
  [10, '1'],
];
const WORDS = Array.from({length: 12}, (_, i) => [i, `class ${i}`]);
const LINKS = [
  ['?class=10', NUMBERS, 1, null, '?class=%231'], // the class that is called 10; 1 alone would be another
  ['?class=%2310', NUMBERS, 10, null, '?class=%2310'],
  ['?class=2&vs=1', NUMBERS, 2, 10, '?class=2&vs=%2310'],
  ['?class=3&vs=wolf', NUMBERS, 3, 3, '?class=3&vs=3'], // none is called 3
  ['?class=wolf&vs=10', WORDS, 3, 10, '?class=3&vs=10'],
  ['?class=1&vs=%231', WORDS, 10, 1, '?class=%2310&vs=1'],
  ['?class=5&vs=class+7', WORDS, 5, 7, '?class=5&vs=7'],
];
for (const [query, others, classId, vs, written] of LINKS)
  test(`the link ${query} is read by name before id`, () => {
    const found = readLink(query, NUMBERS, others);
    assert.deepEqual([found.after.class_id, found.after.vs], [classId, vs]);
    assert.deepEqual(found.after.unread, {});
    assert.equal(found.query, written);
    assert.deepEqual(readLink(written, NUMBERS, others), found);
  });

test('every link reads back as the class that it was written for', () => {
  const random = seededRandom(0);
  const draw = () =>
    Array.from({length: 14}, (_, i) => [random(), i])
      .sort((a, b) => a[0] - b[0])
      .slice(0, 9)
      .map(([, i]) => i);
  for (let turn = 0; turn < 20; turn += 1) {
    const [ids, names] = [draw(), draw()];
    const classes = ids.map((id, index) => [id, String(names[index])]);
    ids.forEach((id) => {
      const found = readLink(`?class=%23${id}`, classes, WORDS);
      assert.equal(found.after.class_id, id);
      assert.equal(readLink(found.query, classes, WORDS).after.class_id, id);
    });
  }
});

test('ways of looking stay in their range', () => {
  const {covers, width, height} = fromQuery('?covers=0&width=999&height=1');
  assert.deepEqual([covers, width, height], [1, 300, 25]);
});

const LAYERED = {...buildRun([]), layers: ['conv1', 'conv2', 'conv5'].map((layer) => ({layer}))};
LAYERED.layerByName = new Map(LAYERED.layers.map((each) => [each.layer, each]));
/** The layer of the views, that of the channel, and the channel, after actions on what a link says; and the link then. */
const follow = (query, ...actions) => {
  const settle = (selection) => complete(selection, LAYERED);
  const after = actions.reduce((selection, action) => settle(apply(selection, action)), settle(fromQuery(query)));
  return [after.layer, after.channel_layer, after.channel, toQuery(after)];
};
test('a channel of another layer opens without a change of the layer, and a layer is chosen without closing it', () => {
  assert.deepEqual(follow('?layer=conv5', {layer: 'conv2', channel: 5}), ['conv5', 'conv2', 5, '?layer=conv5&channel=5&channel_layer=conv2']);
  assert.deepEqual(follow('?layer=conv1&channel=2', {layer: 'conv2'}), ['conv2', 'conv1', 2, '?layer=conv2&channel=2&channel_layer=conv1']);
  assert.deepEqual(follow('?layer=conv1&channel=2', {layer: 'conv2'}, {channel: null}), ['conv2', null, null, '?layer=conv2']);
}); // prettier-ignore

test('a link with a layer and a channel, as it always was, means the channel of that layer', () => {
  assert.deepEqual(follow('?layer=conv1&channel=2'), ['conv1', 'conv1', 2, '?layer=conv1&channel=2']);
  const both = '?layer=conv5&channel=2&channel_layer=conv1';
  assert.deepEqual(follow(both), ['conv5', 'conv1', 2, both]);
});

test('the page of channels shows the layer of the channel that is open; another layer closes it there', () => {
  const opens = {layer: 'conv2', channel: 5};
  assert.deepEqual(follow('?layer=conv5', opens, {view: 'channels'}).slice(0, 3), ['conv2', 'conv2', 5]);
  assert.deepEqual(follow('?view=channels&layer=conv5', opens).slice(0, 3), ['conv2', 'conv2', 5]);
  assert.deepEqual(follow('?view=channels&layer=conv5&channel=1', {layer: 'conv1'}).slice(0, 3), ['conv1', null, null]);
});

test('instead of a layer that is not there the last one is shown, and the link is kept for a message', () => {
  const after = complete(fromQuery('?layer=conv9'), LAYERED);
  assert.deepEqual(plain([after.layer, after.unread]), ['conv5', {layer: 'conv9'}]);
});

test('an entry of the glossary is left with the page', () => {
  const about = apply(fromQuery('?class=1'), {view: 'about', term: 'parting-layer'});
  assert.deepEqual(
    [about.term, toQuery(about), apply(about, {view: 'graph'}).term],
    ['parting-layer', '?class=1&view=about&term=parting-layer', null],
  );
});

test('a second class opens the comparison', () => {
  assert.equal(apply(fromQuery('?class=1'), {vs: 2}).view, 'compare');
});

test('of the panels of a channel and of a class one is open', () => {
  const channel = apply(fromQuery('?class=1&panel=class'), {channel: 4});
  assert.equal(channel.panel, 'channel');
  assert.equal(apply(channel, {panel: 'class'}).channel, null);
});

test('a new class lets pins go', () => {
  const before = fromQuery('?class=1&pins=conv1-3');
  assert.deepEqual(plain(apply(before, {class_id: 2}).pins), []);
  assert.deepEqual(plain(apply(before, {class_id: 1}).pins), ['conv1-3']);
});

test('another run begins with nothing selected', () => {
  const after = apply(fromQuery('?class=1&layer=conv1&channel=2'), {run: 'other'});
  assert.deepEqual([after.run, after.class_id, after.layer], ['other', null, null]);
});

test('outside of a comparison no class is its own second one', () => {
  const before = fromQuery('?class=1&vs=2');
  assert.equal(apply(before, {class_id: 2}).vs, null);
  assert.equal(apply(before, {class_id: 3}).vs, 2);
  assert.equal(apply({...before, view: 'compare'}, {class_id: 2}).vs, 2);
});

test('the size of the channels is count unless a link says otherwise, and is a way of looking', () => {
  const before = fromQuery('?class=1');
  assert.equal(before.size, 'count');
  const after = apply(before, {size: 'effect'});
  assert.equal(toQuery(after), '?class=1&size=effect');
  assert.equal(fromQuery('?size=effect').size, 'effect');
  assert.deepEqual(plain(fromQuery('?size=large').unread), {size: 'large'});
  assert.equal(isStep(before, after), false);
  assert.equal(apply(after, {run: 'other'}).size, 'count');
});

test('a part of a link with an unknown name is kept for a message', () => {
  assert.deepEqual(plain(fromQuery('?clas=3').unread), {clas: '3'});
});

test('sliders make no step in the history', () => {
  const before = fromQuery('?class=1');
  assert.equal(isStep(before, {...before, covers: 40}), false);
  assert.equal(isStep(before, {...before, class_id: 2}), true);
});

// --- the page: dispatch, undo and redo ---------------------------------------------------------------------------------
const columns = {id: [0, 3, 5], full: ['fox', 'wolf', 'heron'], name: ['fox', 'wolf', 'heron']};
const OVERVIEW = {name: 'run', classes: columns, layers: [{layer: 'conv1'}, {layer: 'conv5'}], has: {accuracy: true}};
const start = async (search = '') => {
  const opened = openPage({payloads: {run: OVERVIEW}, search});
  opened.page.start();
  await opened.wait(() => opened.page.selection);
  return opened;
};

test('what is not named is chosen: the first class, the last layer', async () => {
  const {page, window} = await start();
  assert.deepEqual([page.selection.class_id, page.selection.layer], [0, 'conv5']);
  assert.equal(window.location.search, '?class=0&layer=conv5');
});

test('a value that cannot be read stays in the address', async () => {
  const {page, window} = await start('?class=unicorn');
  assert.deepEqual([page.selection.class_id, page.selection.unread.class], [null, 'unicorn']);
  assert.equal(window.location.search, '?class=unicorn');
});

test('undo and redo walk through what was done', async () => {
  const {page, wait} = await start();
  for (const id of [3, 5]) {
    page.dispatch({class_id: id});
    await wait(() => page.selection.class_id === id);
  }
  for (const [step, id] of [
    ['undo', 3],
    ['undo', 0],
    ['redo', 3],
    ['redo', 5],
  ]) {
    page[step]();
    await wait(() => page.selection.class_id === id);
  }
});

test('a new action after an undo leaves nothing to redo', async () => {
  const {page, wait} = await start();
  page.dispatch({class_id: 3});
  await wait(() => page.selection.class_id === 3);
  page.undo();
  await wait(() => page.selection.class_id === 0);
  page.dispatch({class_id: 5});
  await wait(() => page.selection.class_id === 5);
  page.redo();
  assert.equal(page.selection.class_id, 5);
});

test('the last of several actions wins', async () => {
  const {page, wait} = await start();
  [3, 0, 5].forEach((id) => page.dispatch({class_id: id}));
  await wait(() => page.selection.class_id === 5);
});
