/* Sums and roundings are those of Python, to the last bit. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {loadModel, plain, readCases} from './scripts.mjs';

const model = await loadModel();
const cases = readCases();

test('sums are those of math.fsum', () => {
  const sums = cases.lists.map((values) => model.sum(values));
  assert.deepEqual(sums, cases.sums);
});

for (const digits of [1, 2, 3])
  test(`values are rounded to ${digits} digits as Python rounds them`, () => {
    assert.deepEqual(plain(cases.values.map((value) => model.round(value, digits))), cases.rounded[digits]);
  });
