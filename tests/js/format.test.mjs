/* Numbers as the page writes them: the same digits as Python writes in files. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {openPage, readCases} from './scripts.mjs';

const {page} = openPage({modules: ['format']});

test('a percentage and a cosine have the digits that Python writes', () => {
  for (const each of readCases()) {
    assert.equal(page.percent(each.value), each.percent, `percentage of ${each.value}`);
    assert.equal(page.cosine(each.sent), each.cosine, `cosine ${each.value}`);
  }
});

test('halves are rounded up, once', () => {
  assert.deepEqual([0.4755, 0.475, 0.474, 0.125].map(page.cosine), ['0.48', '0.48', '0.47', '0.13']);
  assert.deepEqual([0.0625, 0.125].map(page.percent), ['6.3 %', '12.5 %']);
});

test('a number that there is not is a dash', () => {
  assert.deepEqual([page.cosine(null), page.percent(null), page.percent(undefined)], ['–', '–', '–']);
});
