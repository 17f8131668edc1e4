/* The rows of the list of classes: their order, their groups, and what a search or a choice leaves. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {loadModel, plain} from './scripts.mjs';

const {classes: model} = await loadModel();
const build = (id, name, top1, group, n = 10) => ({id, place: id, name, top1, group, n});
const CLASSES = [build(0, 'fox', 0.5, 0), build(1, 'Bear', null, 0), build(2, 'car', 0.9, 1), build(3, 'ant', 0.1, null)];
const RUN = {classes: CLASSES, groups: {names: ['animals', 'machines', 'other'], rest: [false, false, true]}};
const SIMILARITY = [1000, 300, 700, 300];
const order = (sort, similarity = SIMILARITY) => plain(model.orderClasses(CLASSES, sort, similarity).map((each) => each.id));

test('classes without an accuracy come last in both directions', () => {
  assert.deepEqual(order('accuracy-up'), [3, 0, 2, 1]);
  assert.deepEqual(order('accuracy-down'), [2, 0, 3, 1]);
});

test('names are ordered without regard to capitals', () => {
  assert.deepEqual(order('name'), [3, 1, 2, 0]);
});

test('equal similarities keep the order of the run', () => {
  assert.deepEqual(order('similarity'), [0, 2, 1, 3]);
  assert.deepEqual(order('similarity', null), [0, 1, 2, 3]);
});

test('the accuracy of a group is the mean over its classes that have one', () => {
  const [animals, machines] = model.buildHeads(RUN);
  assert.deepEqual([animals.accuracy, animals.known, animals.n], [0.5, 1, 20]);
  assert.deepEqual([machines.accuracy, machines.known, machines.n], [0.9, 1, 10]);
});

test('the group of the selected class leads, the rest is last', () => {
  const heads = model.buildHeads(RUN);
  const names = (sort, selected) => plain(model.orderHeads(heads, sort, SIMILARITY, selected).map((head) => head.name));
  assert.deepEqual(names('similarity', 1), ['animals', 'machines', 'other']);
  assert.deepEqual(names('similarity', 2), ['machines', 'animals', 'other']);
  assert.deepEqual(names('accuracy-down', 1), ['machines', 'animals', 'other']);
});

const rows = (more) => {
  const options = {
    sort: 'name',
    similarity: SIMILARITY,
    selected: 0,
    groups: null,
    found: null,
    only: [],
    heads: model.buildHeads(RUN),
    ...more,
  };
  return plain(model.buildRows(CLASSES, options).map((row) => row.key));
};

test('one list leaves out the selected class, which is pinned', () => {
  assert.deepEqual(rows({}), ['c1', 'c2', 'c3']);
});

test('a search orders by its score, and a narrowed list keeps its classes alone', () => {
  assert.deepEqual(
    rows({
      found: new Map([
        [1, 5],
        [3, 2],
      ]),
    }),
    ['c3', 'c1'],
  );
  assert.deepEqual(rows({only: [0, 2]}), ['c2']);
});

test('a folded group is its header alone', () => {
  assert.deepEqual(rows({groups: {isOpen: (key) => key === 'g0'}}), ['g0', 'c0', 'c1', 'g1']);
});
