/* The course of a training in words and lines. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {loadModel, plain} from './scripts.mjs';

const {splitTrainings, describeTraining} = await loadModel();
const epoch = (fold, number) => ({fold, epoch: number, loss: 0.5, accuracy: 0.75});
const state = {cut: 'a@b', head: {kind: 'mlp', n_unfrozen: 0}, waits: 1, epochs: [epoch(0, 1), epoch(0, 2), epoch(null, 1)]};

test('each training begins at its first epoch', () => {
  assert.deepEqual(plain(splitTrainings(state.epochs).map((each) => each.length)), [2, 1]);
  assert.deepEqual(plain(splitTrainings([])), []);
});

test('a sentence says where it is', () => {
  const tell = (changes) => describeTraining({...state, ...changes}, 5);
  assert.match(tell({state: 'waiting', waits: 3}), /^mlp on a@b: waits; 2 before it\.$/);
  assert.match(tell({state: 'running', epochs: []}), /begins/);
  assert.match(tell({state: 'running', epochs: [epoch(1, 4)]}), /fold 2 of 5, epoch 4, loss 0\.500, accuracy 75\.0 %/);
  assert.match(tell({state: 'running'}), /on all images, epoch 1/);
  assert.match(tell({state: 'cancelled', is_over: true}), /The best head so far is saved/);
  assert.match(tell({state: 'cancelled', is_over: false}), /The best head so far is being saved/);
  assert.match(tell({state: 'cancelled', epochs: []}), /No epoch was done/);
  assert.match(tell({state: 'done', head: {kind: 'linear', n_unfrozen: 2}}), /linear on a@b, 2 layers trained: trained and saved/);
});
