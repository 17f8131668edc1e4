/* A store keeps what was used last, up to a number and a size. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {keepLast} from '../../assets/src/kept.js';

test('a store holds its number of entries, those used last', () => {
  const dropped = [];
  const store = keepLast({most: 3, onDrop: (key) => dropped.push(key)});
  ['a', 'b', 'c'].forEach((key) => store.add(key, key.toUpperCase()));
  assert.equal(store.get('a'), 'A');
  store.add('d', 'D');
  assert.deepEqual(store.keys(), ['c', 'a', 'd']);
  assert.deepEqual(dropped, ['b']);
  assert.equal(store.get('b'), null);
});

test('a store holds its bytes, and the last entries however large', () => {
  const store = keepLast({most: 10, bytes: 100, least: 2});
  const add = (key, size) => {
    store.add(key, key);
    store.weigh(key, key, size);
  };
  ['a', 'b', 'c', 'd'].forEach((key) => add(key, 40));
  assert.deepEqual([store.keys(), store.total()], [['c', 'd'], 80]);
  add('e', 500);
  assert.deepEqual([store.keys(), store.total()], [['d', 'e'], 540]);
  store.weigh('e', 'another', 1);
  store.weigh('gone', 'gone', 1);
  assert.equal(store.total(), 540);
  store.remove('e');
  assert.equal(store.total(), 40);
});
