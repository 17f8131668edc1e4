// @ts-check
/* The pictures of channels as Cytoscape draws them: by the name of their file, from what the page has of them. */
import {MARKS} from '../model/elements.js';
import {bringPictures, picture, pictureFile} from '../pictures.js';
import {hasImages, loadImages} from './cytoscape.js';

/** The name of a channel's picture; null where it has none. */
export const nameOf = ({picture: kind, layer, channel, run}) => (kind ? pictureFile(layer, channel, run) : null);
/** Whether nodes can be drawn with their pictures and marks now. */
export const arePicturesKept = (nodes) => hasImages([...nodes.map(nameOf).filter(Boolean), ...MARKS]);
/** Resolves when the pictures of channels can be drawn. */
export const keepImages = (channels) =>
  loadImages([
    ...channels.map(({layer, channel, run}) => ({name: pictureFile(layer, channel, run), url: () => picture(layer, channel, run)})),
    ...MARKS.map((mark) => ({name: mark, url: () => mark})) /* else each node that bears one is drawn again for it */,
  ]);
/** The same of nodes, whose pictures may still be in packs of a static site. */
export const bringImages = async (nodes) => {
  const pictured = nodes.filter((node) => node.picture);
  await bringPictures(pictured);
  return keepImages(pictured);
};
