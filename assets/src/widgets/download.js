// @ts-check
/* A file that the page makes itself, handed to the browser. */
import {h} from '../dom.js';

/** Saves text or a blob under a name. */
export const saveFile = (name, type, content) => {
  const blob = content instanceof Blob ? content : new Blob([content], {type: `${type};charset=utf-8`});
  const url = URL.createObjectURL(blob);
  h('a', {href: url, download: name}).click();
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
};
