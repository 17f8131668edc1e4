// @ts-check
/* Elements: made by name, and the few that every view uses. */

const SVG = new Set(['svg', 'g', 'path', 'rect', 'circle', 'line', 'text', 'title', 'use', 'defs', 'clipPath', 'image', 'polyline']);

/** Builds an element. Attributes by name; `onclick` and other functions become listeners; null and false are left out. */
export const h = (tag, attributes, ...children) => {
  const element = SVG.has(tag) ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  Object.entries(attributes || {}).forEach(([name, value]) => {
    if (value === null || value === undefined || value === false) return;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  });
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
};

export const icon = (name) => h('span', {class: `icon icon-${name}`, 'aria-hidden': 'true'});

/** Builds a button that does one thing to the selection. */
export const action = (does, attributes, ...children) =>
  h('button', {type: 'button', 'data-action': JSON.stringify(does), ...attributes}, ...children);

/** Builds a term of art with its meaning in one sentence. A click on one that has an `entry` leads to it in the glossary. */
export const term = (text, tip, {className = '', entry = ''} = {}) =>
  entry
    ? action({view: 'about', term: entry}, {class: `term ${className}`, 'data-tip': `${tip}\nClick: glossary`}, text)
    : h('span', {class: `term ${className}`, 'data-tip': tip, tabindex: 0}, text);

/** Builds the message of what is missing: the rule, what was found instead, and what to do about it. */
export const emptyState = ({rule, found, fix}) =>
  h(
    'div',
    {class: 'empty-state', role: 'status'},
    h('div', {class: 'empty-icon'}, icon('compass')),
    h('p', {class: 'empty-rule'}, rule),
    h('p', {class: 'empty-found'}, found),
    h('p', {class: 'empty-do'}, fix),
  );
