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
  const task = {state: null, keys: new Map(Array.from({length: 20}, (_, id) => [id, id])), nDone: 0, nNow: 0};
  assert.match(model.tellMeasuring({...task, state: {state: 'waiting', place: 3}}), /2 before it/);
  assert.match(model.tellMeasuring({...task, state: {state: 'running', place: 0}}), /being loaded/);
  assert.match(model.tellMeasuring({...task, nDone: 4, nNow: 1}), /25\.0 % of 20 channels/);
});
