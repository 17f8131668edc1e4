/* What Cytoscape keeps of values that it has drawn stays below a limit. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {limitMemory, MOST_LABELS, MOST_STYLES} from '../../assets/src/views/cytoscape_memory.js';

/** Stores as Cytoscape 3.28 has them: parsed values of styles, and sizes of labels. */
const build = () => {
  const style = {
    propCache: [],
    parseImplWarn: (name, value) => ({name, value}),
    parse: (name, value) => {
      const key = `${name} ${value}`;
      const store = style.propCache;
      store[key] = store[key] || style.parseImplWarn(name, value);
      return store[key];
    },
  };
  const renderer = {
    calculateLabelDimensions: (element, text) => {
      const store = (renderer.labelDimCache = renderer.labelDimCache || []);
      store[text] = store[text] || {width: text.length};
      return store[text];
    },
  };
  return {style, renderer};
};

test('the stores hold no more than their limits, and what they answer is the same', () => {
  const {style, renderer} = build();
  limitMemory({style: () => style, renderer: () => renderer});
  const [styles, labels] = [new Set(), new Set()];
  for (let i = 0; i < 5 * MOST_LABELS; i += 1) {
    assert.deepEqual(style.parse('width', i), {name: 'width', value: i});
    assert.deepEqual(renderer.calculateLabelDimensions({}, `-${i}`), {width: `-${i}`.length});
    if (i % 499 === 0) styles.add(Object.keys(style.propCache).length);
    if (i % 499 === 0) labels.add(Object.keys(renderer.labelDimCache).length);
  }
  assert.ok(Math.max(...styles) <= MOST_STYLES + 1 && Math.max(...labels) <= MOST_LABELS + 1);
  assert.ok(Math.max(...styles) > MOST_STYLES / 2);
});

test('a value that is known is not counted, so that it stays', () => {
  const {style, renderer} = build();
  limitMemory({style: () => style, renderer: () => renderer});
  const first = style.parse('width', 1);
  for (let i = 0; i < 5 * MOST_LABELS; i += 1) style.parse('width', 2);
  assert.equal(style.parse('width', 1), first);
});

test('a Cytoscape without these functions stays as it is', () => {
  const renderer = {};
  limitMemory({style: () => ({}), renderer: () => renderer});
  assert.deepEqual(renderer, {});
});
