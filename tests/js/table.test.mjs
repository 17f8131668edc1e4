/* The order of a table's rows after a click on a head. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {nextOrder, orderTexts} from '../../assets/src/widgets/table.js';

const sort = (texts, isDescending = false) => orderTexts(texts, isDescending).map((place) => texts[place]);

test('numbers are sorted by size, whatever stands behind them', () => {
  assert.deepEqual(sort(['1,200 of 5,000', '9 of 20', '30 of 31']), ['9 of 20', '30 of 31', '1,200 of 5,000']);
  assert.deepEqual(sort(['7.1 %', '10.0 %', '9.9 %'], true), ['10.0 %', '9.9 %', '7.1 %']);
  assert.deepEqual(sort(['1.2e-7', '0.03', '4.00e-8', '-1']), ['-1', '4.00e-8', '1.2e-7', '0.03']);
});

test('texts are sorted as people read them; one text among numbers makes all of them texts', () => {
  assert.deepEqual(sort(['mixed10a', 'mixed3b', 'Conv2d']), ['Conv2d', 'mixed3b', 'mixed10a']);
  assert.deepEqual(sort(['10 cats', 'owl', '9 dogs']), ['9 dogs', '10 cats', 'owl']);
});

test('what holds nothing is last in both directions, and equal rows stay as they are', () => {
  const texts = ['–', '2', '', '1', '2 again'];
  assert.deepEqual(orderTexts(texts, false), [3, 1, 4, 0, 2]);
  assert.deepEqual(orderTexts(texts, true), [1, 4, 3, 0, 2]);
});

test('three clicks go through both directions and back', () => {
  assert.deepEqual(
    [null, 'descending', 'ascending'].map((now) => nextOrder(now, true)),
    ['descending', 'ascending', null],
  );
  assert.deepEqual(
    [null, 'ascending', 'descending'].map((now) => nextOrder(now, false)),
    ['ascending', 'descending', null],
  );
});
