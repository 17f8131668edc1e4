/* The title of a tab names what is shown in it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {nameTab} from '../../assets/src/link.js';

const run = {
  name: 'demo',
  classById: new Map([
    [3, {name: 'carp'}],
    [5, {name: 'trout'}],
  ]),
};

test('a tab is named by its class and its run', () => {
  assert.equal(nameTab({class_id: 3, vs: null, view: 'graph'}, run), 'carp · demo');
});

test('a comparison is named by both classes, another view by the first', () => {
  assert.equal(nameTab({class_id: 3, vs: 5, view: 'compare'}, run), 'carp vs trout · demo');
  assert.equal(nameTab({class_id: 3, vs: 5, view: 'channels'}, run), 'carp · demo');
});

test('an unknown class leaves the run', () => {
  assert.equal(nameTab({class_id: 99, vs: null, view: 'graph'}, run), 'demo');
});
