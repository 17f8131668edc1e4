/* The proof of a class's graph in numbers and words. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {loadModel} from './scripts.mjs';

const model = await loadModel();
const PROOF = {untouched: [0.975, 0.9, 1], remove: [0.25, 0.2, 0.3], random: [0.95, 0.9, 1], keep: null, n_channels: 21, n_images: 20};

test('necessity is what is lost beyond random channels', () => {
  assert.equal(model.necessity([0.25], [0.75]), 0.5);
  assert.equal(model.necessity(null, [0.75]), null);
});

test('words and sentence have the shares with n', () => {
  assert.equal(model.toWords(PROOF), 'necessary: 97.5 % → 25.0 %');
  assert.equal(model.toWords({...PROOF, random: [0.32, 0.25, 0.4]}), 'necessity unclear: 97.5 % → 25.0 %');
  assert.equal(model.toWords({...PROOF, random: [0.2, 0.1, 0.3]}), 'not necessary: 97.5 % → 25.0 %');
  assert.equal(
    model.toSentence(PROOF),
    'The model gets 97.5 % of 20 images right; 25.0 % without these 21 channels, 95.0 % without as many at random.',
  );
  assert.match(model.toSentence({...PROOF, keep: [0.05, 0, 0.1]}), /and 5\.0 % with these alone\.$/);
});

test('a channel alone is told with interval and n, a loss with a minus', () => {
  assert.equal(
    model.toAlone([0.05, -0.04, 0.14, 0.31, 20]),
    'without this channel alone: accuracy −5.0 % [−14.0 %, +4.0 %], log-probability −0.31, n = 20',
  );
  assert.match(model.toAlone([0, -0.09, 0.09, -0.02, 20]), /accuracy 0\.0 % \[−9\.0 %, \+9\.0 %\], log-probability \+0\.02/);
});

test('layers in which PageRank is no better than random are named', () => {
  const of = (better, fall, half) => ({n_better: better, n_classes: 10, fall, half});
  const layers = [
    {layer: 'conv1', pagerank: of(0, 0.1, 0.01)},
    {layer: 'conv2', pagerank: of(9, 0.1, 0.2)},
    {layer: 'conv3', pagerank: of(9, 0.3, 0.2)},
  ];
  assert.match(model.judgeLayers(layers), /^No better .*those of conv1, conv2\. /);
  assert.match(model.judgeLayers(layers.slice(2)), /^In every layer/);
  assert.match(model.judgeLayers([{layer: 'a', effect: of(1, 1, null)}]), /not measured by PageRank/);
});
