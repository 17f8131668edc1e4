/* Payloads are asked for once, and those used last are kept. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {setRun} from '../../assets/src/current.js';
import {boot, kept, load, peek} from '../../assets/src/data.js';

const asked = [];
const words = []; /* what the next payloads hold beside their address */
boot.runs.push({name: 'demo', version: '1'});
setRun({name: 'demo'});
globalThis.fetch = async (address) => {
  asked.push(address);
  return {
    ok: true,
    status: 200,
    headers: new Map([['Content-Type', 'application/json']]),
    text: async () => JSON.stringify({address, words: words.shift() ?? ''}),
  };
};

test('a payload is asked for once', async () => {
  const first = load('class/1');
  assert.equal(load('class/1'), first);
  assert.equal(peek('class/1'), null);
  assert.equal(await first, peek('class/1'));
  assert.deepEqual(asked, ['/run/demo/data/class/1.json?v=1']);
});

test('what is used stays, and of the rest the latest', async () => {
  for (let id = 2; id < 200; id += 1) {
    await load(`class/${id}`);
    peek('class/1');
  }
  assert.ok(peek('class/1') && peek('class/199') && peek('class/150'));
  assert.equal(peek('class/20'), null);
  const before = asked.length;
  await load('class/20');
  assert.equal(asked.length, before + 1);
});

test('large payloads are given up sooner, but for the last ones', async () => {
  for (let id = 200; id < 300; id += 1) {
    words.push('x'.repeat(200_000));
    await load(`class/${id}`);
    assert.ok(kept.total() < 3.3e6);
  }
  assert.ok(kept.keys().length < 16);
  assert.ok(peek('class/299') && peek('class/290'));
  for (let id = 300; id < 320; id += 1) {
    words.push('x'.repeat(2_000_000));
    await load(`class/${id}`);
  }
  assert.equal(kept.keys().length, 8);
});
