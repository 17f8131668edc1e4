// @ts-check
/* A row of buttons of which one is pressed; one Tab stop. */
import {h} from '../dom.js';
import {rove} from './roving.js';

/** Builds the row. Each of `choices` is {name, text} and attributes of its button. */
export const buildSegments = (label, choices, attributes = {}) =>
  h(
    'div',
    {class: 'segments', role: 'group', 'aria-label': label, ...attributes},
    choices.map(({name, text, ...more}) =>
      h('button', {type: 'button', class: 'segment', 'data-name': name, 'aria-pressed': 'false', ...more}, text),
    ),
  );

/** Marks the button of a name as the pressed one. The Tab stop is that of `owner`, which may hold more buttons. */
export const pressSegment = (group, name, owner = group) => {
  group.querySelectorAll('.segment').forEach((each) => each.setAttribute('aria-pressed', String(each.dataset.name === String(name))));
  rove(owner, 'button');
};
