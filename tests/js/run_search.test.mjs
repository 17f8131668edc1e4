/* The search among runs. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {findRuns} from '../../assets/src/model/run_search.js';

const RUNS = [
  {name: 'birds', about: 'resnet18 · photos of birds'},
  {name: 'old photos', about: 'vgg16 · street'},
  {name: 'photos', about: 'resnet18 · street'},
  {name: 'bare'},
];
const names = (text) => findRuns(RUNS, text).map(({name}) => name);

test('every word stands in the name, the model or the dataset', () => {
  assert.deepEqual(names('resnet street'), ['photos']);
  assert.deepEqual(names('RESNET18'), ['birds', 'photos']);
  assert.deepEqual(names('nothing'), []);
});
test('names that begin with the text come first, and all runs without a text', () => {
  assert.deepEqual(names('photos'), ['photos', 'birds', 'old photos']);
  assert.deepEqual(
    names('  '),
    RUNS.map(({name}) => name),
  );
  assert.equal(findRuns(Array(500).fill(RUNS[0]), '').length, 100);
});
