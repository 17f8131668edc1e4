// @ts-check
/* Pictures of channels, examples and classes: their addresses, and those of a class's graph in one bundle. */
import * as current from './current.js';
import {fileOf, readStatic, resolveFile, runOf} from './data.js';
import {h} from './dom.js';
import {keepLast} from './kept.js';

const TINY = 32; /* pixels: up to there precompute/contract/pictures.py enlarges by whole pixels */
const pictures = new Map(); /* by `run channel-id`, of channels that came in a bundle: {bytes, bundle} */
/* Promises of bundles by `run class`: some to go back to, with no more bytes than the graphs of four large classes. */
export const bundles = keepLast({
  most: 24,
  bytes: 3e6,
  least: 4,
  onDrop: (bundle) => pictures.forEach((each, key) => each.bundle === bundle && pictures.delete(key)),
});

/** The address of a picture as a file: also its name where pictures are kept. */
export const pictureFile = (layer, channel, name = current.run.name) =>
  fileOf(`picture/${encodeURIComponent(layer)}/${channel}.webp`, name);
/** @param {any} bytes an array of bytes; browsers of before 2025 have no function of it for this */
const toBase64 = (bytes) => (bytes.toBase64 ? bytes.toBase64() : btoa(String.fromCharCode(...bytes)));
/* `name` is a run's, where it is not the one that is shown. What came in a bundle is inside the address: one of a blob would
   have to be asked for, and that takes longer than to decode the picture. */
export const picture = (layer, channel, name = current.run.name) => {
  const found = pictures.get(`${name} ${layer}-${channel}`);
  return found ? `data:image/webp;base64,${toBase64(found.bytes)}` : pictureFile(layer, channel, name);
};
/** Brings the pictures of channels that came in no bundle; without effect where a server answers.
    @param {{layer: string, channel: number, run?: string}[]} channels */
export const bringPictures = (channels) => Promise.all(channels.map((at) => resolveFile(pictureFile(at.layer, at.channel, at.run))));
export const visualization = (layer, channel, kind, name) =>
  fileOf(`visualization/${encodeURIComponent(layer)}/${channel}/${kind}.webp`, name);
export const example = (layer, channel, owner, rank, name) =>
  fileOf(`example/${encodeURIComponent(layer)}/${channel}/${owner}/${rank}.webp`, name);
export const prototype = (classId, method) => fileOf(`prototype/${classId}/${method}.webp`);

/** Builds an element that shows a dataset example. A static site holds an image once, and shows parts of it by their `box`. */
export const exampleImage = ({layer, channel, rank, image_id: id, box}, owner) =>
  readStatic && box
    ? showPart(fileOf(`image/${id}.jpg`), box)
    : h('img', {src: example(layer, channel, owner, rank), alt: '', decoding: 'async'});

/** Builds an element that shows the whole of an image that the run holds. */
export const wholeImage = (id) => {
  const style = Math.max(...current.run.image_size) <= TINY && 'image-rendering: pixelated';
  return h('img', {src: fileOf(`image/${id}.jpg`), alt: '', loading: 'lazy', decoding: 'async', style});
};

/** Builds a part of an image, as an `img` of the part alone would show it: tiny ones with crisp pixels. */
const showPart = (href, [x, y, right, bottom]) => {
  const [width, height] = current.run.image_size;
  const [wide, tall] = [right - x, bottom - y];
  const crisp = Math.max(wide, tall) <= TINY && 'image-rendering: pixelated';
  return h(
    'svg',
    {class: 'part', viewBox: `0 0 ${wide} ${tall}`, preserveAspectRatio: 'xMidYMid slice', 'aria-hidden': 'true'},
    h('svg', {width: wide, height: tall, viewBox: `${x} ${y} ${wide} ${tall}`}, h('image', {href, width, height, style: crisp})),
  );
};

/** Brings all pictures of a class's graph at once; `picture` knows them from then on. Resolves to their channels, none where
    a static site has them in packs. */
export const loadPictures = async (classId, name = current.run.name) => {
  if (readStatic) {
    await readStatic(runOf(name), `class/${classId}`);
    return [];
  }
  const key = `${name} ${classId}`;
  const found = bundles.get(key);
  if (found) return found;
  const bundle = unpack(fileOf(`thumbnails/${classId}.bin`, name), name, key).catch(() => {
    bundles.remove(key);
    return {channels: [], size: 0};
  });
  const channels = bundle.then(({size, channels: own}) => {
    bundles.weigh(key, channels, size);
    return own;
  });
  return bundles.add(key, channels);
};
const unpack = async (url, name, bundle) => {
  const bytes = await (await fetch(url)).arrayBuffer();
  const length = new DataView(bytes).getUint32(0, true);
  const index = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length)));
  let start = 4 + length;
  const channels = index.map(([id, size]) => {
    pictures.set(`${name} ${id}`, {bytes: new Uint8Array(bytes, start, size), bundle});
    start += size;
    const end = id.lastIndexOf('-');
    return {layer: id.slice(0, end), channel: Number(id.slice(end + 1)), run: name};
  });
  return {channels, size: bytes.byteLength};
};
