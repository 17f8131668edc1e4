/* The menu of files: what is on the screen as SVG and PNG, what it holds as JSON, CSV and GraphML. All made here. */
import * as current from '../current.js';
import {h, icon} from '../dom.js';
import {plural} from '../format.js';
import {fileName, graphTables, toCsv, toGraphml, toJson} from '../model/graph_files.js';
import {color} from '../shell.js';
import {isShown} from './graph_canvas.js';
import {graph} from './graph_state.js';
import {toScreen} from './graph_viewport.js';

const STYLES = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-opacity',
  'opacity',
  'font-family',
  'font-size',
  'font-weight',
  'text-anchor',
  'paint-order',
  'stroke-linejoin',
];
const PAD = 24;
const PNG_SCALE = 2;

// --- what is on the screen ----------------------------------------------------------------------------------------
/** The drawing without what is hidden. */
const shownDrawing = () => {
  const {drawing, nodes, edges} = graph.scene;
  return {
    ...drawing,
    nodes: drawing.nodes.filter((node) => isShown(nodes.get(node.key))),
    edges: drawing.edges.filter((edge) => isShown(edges.get(edge.key))),
  };
};
const readData = (url) =>
  fetch(url).then((answer) => answer.blob()).then((blob) => new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.readAsDataURL(blob);
  })); // prettier-ignore
/* A file of a static site cannot be fetched, but a picture that is shown can be drawn. */
const redraw = async (url) => {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = h('canvas', {width: image.naturalWidth, height: image.naturalHeight});
  canvas.getContext('2d').drawImage(image, 0, 0);
  return canvas.toDataURL('image/png');
};
const inline = async (image) => {
  const url = image.getAttribute('href');
  if (!url || url.startsWith('data:')) return;
  image.setAttribute(
    'href',
    await readData(url)
      .catch(() => redraw(url))
      .catch(() => ''),
  );
};
const copyStyles = (from, to) => {
  const computed = getComputedStyle(from);
  STYLES.forEach((name) => to.setAttribute(name, computed.getPropertyValue(name)));
  ['class', 'style', 'tabindex', 'data-key'].forEach((name) => to.removeAttribute(name));
  [...from.children].forEach((child, place) => copyStyles(child, to.children[place]));
};
const caption = (text, attributes) =>
  h('text', {'font-family': 'Inter, sans-serif', 'font-size': 12, fill: color('ink'), ...attributes}, text);
const bounds = () => {
  const nodes = [...graph.scene.nodes.values()].filter(isShown);
  const ends = nodes.map((each) => {
    const at = toScreen(each);
    const half = (each.node.size / 2) * at.zoom;
    return {left: at.x - half, right: at.x + half, top: at.y - half - 16, bottom: at.y + half};
  });
  const of = (name, pick) => pick(...ends.map((end) => end[name]));
  return {left: of('left', Math.min), right: of('right', Math.max), top: of('top', Math.min), bottom: of('bottom', Math.max)};
};
const buildLayers = () =>
  [...graph.frame.gutter.querySelectorAll('.gutter-row:not([hidden])')].map((row) => {
    const stage = graph.frame.stage.getBoundingClientRect();
    const box = row.getBoundingClientRect();
    return {layer: row.dataset.layer, x: box.left - stage.left + 16, y: box.top - stage.top + box.height / 2};
  });
/** What the rings mean: a swatch and words for each part of a comparison, side by side. */
const buildLegend = (x, y) => {
  let at = x;
  return [...graph.frame.legend.querySelectorAll('.key')].flatMap((key) => {
    const ring = getComputedStyle(graph.frame.paper.querySelector(`.node.${key.dataset.part} .ring`) || key);
    const words = `${key.textContent.replace(/^(\d[\d,]*)/, '$1 ')}`;
    const swatch = h('rect', {
      x: at,
      y: y - 10,
      width: 12,
      height: 12,
      rx: 3,
      fill: 'none',
      stroke: ring.stroke,
      'stroke-width': 2,
      'stroke-dasharray': ring.strokeDasharray,
    });
    const text = caption(words, {x: at + 18, y});
    at += 34 + 7 * words.length;
    return [swatch, text];
  });
};
/** The live drawing as a document of its own: pictures inside, styles computed, layers named. */
const buildSvg = async () => {
  const {world} = graph.scene;
  const copy = world.cloneNode(true);
  copyStyles(world, copy);
  copy.querySelectorAll('[hidden], .hit').forEach((element) => element.remove());
  copy.querySelectorAll('[stroke-opacity="0"]').forEach((element) => element.remove());
  await Promise.all([...copy.querySelectorAll('image')].map(inline));
  const right = current.selection.direction === 'right';
  const box = bounds();
  const left = Math.min(box.left, right ? box.left : 0) - PAD;
  const top = box.top - PAD - 24 - (right ? 30 : 0) - (graph.context.comparison ? 22 : 0);
  const size = {width: Math.ceil(box.right + PAD - left), height: Math.ceil(box.bottom + PAD - top)};
  const defs = graph.frame.paper.querySelector('defs').cloneNode(true);
  const labels = buildLayers().map(({layer, x, y}) => (right ? caption(layer, {x, y: box.top - 18}) : caption(layer, {x, y, dy: '.35em'})));
  const title = caption(titleOf(), {x: left + PAD, y: top + 24, 'font-size': 15, 'font-weight': 600});
  return h('svg', {xmlns: 'http://www.w3.org/2000/svg', viewBox: `${left} ${top} ${size.width} ${size.height}`, ...size},
    defs, h('rect', {x: left, y: top, ...size, fill: color('paper')}), title, buildLegend(left + PAD, top + 46), labels, copy); // prettier-ignore
};
const titleOf = () => graph.context.classes.map((each) => `${each.name} (${plural(each.n, 'image')})`).join(' and ');
const svgText = async () => new XMLSerializer().serializeToString(await buildSvg());
const pngOf = async (text) => {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = h('canvas', {width: image.naturalWidth * PNG_SCALE, height: image.naturalHeight * PNG_SCALE});
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, 'image/png'));
};

// --- files --------------------------------------------------------------------------------------------------------
const save = (content, type, ending) => {
  const blob = content instanceof Blob ? content : new Blob([content], {type: `${type};charset=utf-8`});
  const url = URL.createObjectURL(blob);
  const link = h('a', {href: url, download: `${fileName(graph.context.classes)}-graph${ending}`});
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
};
const tables = () =>
  graphTables(current.run, graph.context.classes, shownDrawing(), {comparison: graph.context.comparison, covers: current.selection.covers});
const FORMATS = [
  ['svg', 'SVG, as drawn', async () => save(await svgText(), 'image/svg+xml', '.svg')],
  ['png', 'PNG, as drawn', async () => save(await pngOf(await svgText()), 'image/png', '.png')],
  ['json', 'JSON', () => save(toJson(tables()), 'application/json', '.json')],
  ['nodes', 'CSV of the channels', () => save(toCsv(tables().nodes), 'text/csv', '-nodes.csv')],
  ['edges', 'CSV of the influences', () => save(toCsv(tables().edges), 'text/csv', '-edges.csv')],
  ['graphml', 'GraphML', () => save(toGraphml(tables()), 'application/xml', '.graphml')],
];
/** The button "…" and its menu. */
export const buildMenu = () => {
  const items = FORMATS.map(([name, label, make]) =>
    h('button', {type: 'button', role: 'menuitem', tabindex: -1, 'data-format': name, onclick: () => graph.scene && make()}, label),
  );
  const menu = h('div', {class: 'menu', role: 'menu', 'aria-label': 'Save what is shown', hidden: true}, items);
  const opener = h(
    'button',
    {
      type: 'button',
      class: 'icon-button small',
      'aria-label': 'Save as a file',
      'aria-haspopup': 'menu',
      'aria-expanded': 'false',
      'data-tip': 'Save as a file',
    },
    icon('more'),
  );
  const toggle = (open) => {
    menu.hidden = !open;
    opener.setAttribute('aria-expanded', String(open));
    if (open) items[0].focus();
  };
  const step = (by) => items[(items.indexOf(document.activeElement) + by + items.length) % items.length].focus();
  const KEYS = {ArrowDown: () => step(1), ArrowUp: () => step(-1), Escape: () => (toggle(false), opener.focus())};
  opener.addEventListener('click', () => toggle(menu.hidden));
  menu.addEventListener('click', () => toggle(false));
  menu.addEventListener('keydown', (event) => {
    if (!KEYS[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    KEYS[event.key]();
  });
  document.addEventListener('pointerdown', (event) => menu.hidden || element.contains(event.target) || toggle(false));
  const element = h('span', {class: 'menu-owner'}, opener, menu);
  return element;
};
