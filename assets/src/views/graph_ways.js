// @ts-check
/* The strongest ways up from channels without an influence upwards in the drawing, in a comparison those of both classes. */
import {load} from '../data.js';

/** Reads the ways of a scene: [{source, target, through, n_images}], each pair of ends once. */
export const readWays = async ({context: {classes}, nodes}) => {
  const found = await Promise.all(classes.map(({id, run}) => load(`class/${id}/ends`, run)));
  const ways = found.flatMap(({ways: own = []}, place) => {
    const keyOf = (id) => (nodes.has(id) ? id : `${'ab'[place]}:${id}`); /* side by side, each class has nodes of its own */
    return own.map((way) => ({...way, source: keyOf(way.source), target: keyOf(way.target)}));
  });
  const isLost = ({source, target}) => nodes.has(source) && nodes.has(target) && !nodes.get(source).out.length;
  return [...new Map(ways.reverse().map((way) => [`${way.source} ${way.target}`, way])).values()].reverse().filter(isLost);
};
