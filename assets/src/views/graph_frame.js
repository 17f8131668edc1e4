// @ts-check
/* The elements of the graph's pane, which Python lays out. */
const NAMES = {
  bar: 'graph-class', picker: 'picker', tools: 'graph-tools', stage: 'graph-stage', under: 'under-paper', canvas: 'graph-canvas',
  channels: 'graph-channels', gutter: 'gutter', map: 'minimap', zoom: 'zoom-tools', card: 'graph-card', table: 'graph-table',
  empty: 'graph-empty', side: 'compare-panel',
}; // prettier-ignore
let frame = null;

/** The elements by name; `pane` holds them. */
export const getFrame = () => {
  const pane = document.getElementById('graph');
  if (!frame || frame.pane !== pane) {
    const find = ([name, className]) => [name, pane.querySelector(`.${className}`)];
    frame = {pane, ...Object.fromEntries(Object.entries(NAMES).map(find))};
  }
  return frame;
};
export const hasFrame = () => Boolean(frame);
