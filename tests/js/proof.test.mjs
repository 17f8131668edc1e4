/* The worth of one channel in words. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {loadModel} from './scripts.mjs';

const model = await loadModel();

test('a channel alone is told with interval and n, a loss with a minus', () => {
  assert.equal(
    model.toAlone([0.05, -0.04, 0.14, 0.31, 20]),
    'without this channel alone: accuracy −5.0 % [−14.0 %, +4.0 %], log-probability −0.31, n = 20',
  );
  assert.match(model.toAlone([0, -0.09, 0.09, -0.02, 20]), /accuracy 0\.0 % \[−9\.0 %, \+9\.0 %\], log-probability \+0\.02/);
});

test('a measurement says where it is', () => {
  assert.match(model.tellMeasuring({state: 'waiting', place: 3, n_done: 0, n_total: 0}), /2 before it/);
  assert.match(model.tellMeasuring({state: 'running', place: 0, n_done: 0, n_total: 1}), /being loaded/);
  assert.match(model.tellMeasuring({state: 'running', place: 0, n_done: 5, n_total: 20}), /25\.0 %/);
  assert.match(model.tellMeasuring({state: 'cancelled', place: 0, n_done: 5, n_total: 20}), /Ask again/);
});
