// @ts-check
/* A drawing as elements of Cytoscape, and the curves of its edges. Pure. */

const RINGS = {'': 1, shared: 2, 'only-a': 4, 'only-b': 4};
const LEVEL_RING = 6; /* as summit_dash/graph/stylesheet.py has them */
const BEND = 0.42; /* as summit_dash/export/fit.py */
const LABEL = 11; /* pixels of a channel's number at any zoom */
const HALO = 1.5;
const LIFT = -2;
const HAIRLINE = 0.9; /* pixels of the thinnest edge at any zoom */
const DASH = [9, 4]; /* pixels of a lit edge's dash and gap */

const svg = (body) =>
  `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">${body}</svg>`)}`;
/** The corner that tells a dataset example from a feature visualization. */
const CORNER = svg('<path d="M16 0v16H0z" fill="#101319" fill-opacity=".82"/>');
/** The mark of a surprising channel. */
const STAR = svg('<circle cx="8" cy="8" r="6" fill="#fff"/><path d="M8 3.5 12.5 8 8 12.5 3.500 8z" fill="#B45309"/>');

/** The marks that nodes bear, as addresses. */
export const MARKS = [CORNER, STAR];

/** The pictures of a node, the one below others first: `name` may be null. */
export const toImages = (name, {picture, surprise}) => {
  const layers = [
    name && [name, 'cover', '50%', '50%'],
    name && picture === 2 && [CORNER, 'none', '100%', '100%'],
    surprise && [STAR, 'none', '0%', '0%'],
  ].filter(Boolean);
  if (!layers.length) return {};
  const [image, fit, across, down] = [0, 1, 2, 3].map((i) => layers.map((layer) => layer[i]));
  return {image, fit, across, down};
};
const LINE = 60; /* units within which names are on one line */
const ROOM = {least: 40, most: 320, gap: 8};
/** What stands above a node: its name, cut where the room up to the nearest nodes beside it ends, or its number. Places are
    {x, y}. */
export const toLabel = (node, name, at, places) => {
  if (!name) return {label: String(node.channel)};
  const beside = places.filter((each) => each !== at && Math.abs(each.y - at.y) < LINE).map((each) => Math.abs(each.x - at.x));
  return {label: name, room: Math.max(ROOM.least, Math.min(ROOM.most, ...beside) - ROOM.gap)};
};
/** What keeps its size on the screen at a zoom, in units of the drawing. */
export const toScale = (zoom) => ({font: LABEL / zoom, halo: HALO / zoom, lift: LIFT / zoom});
export const toLine = (width, zoom) => ({width: Math.max(width, HAIRLINE / zoom), dash: DASH.map((length) => length / zoom)});

/** Distances and weights of the two control points of an edge, which leaves and arrives upright: measured from the
    line between the centres, as Cytoscape takes them. Ends are {x, y, half}. */
export const bend = (source, target, right) => {
  const from = right ? {x: source.x + source.half, y: source.y} : {x: source.x, y: source.y - source.half};
  const to = right ? {x: target.x - target.half, y: target.y} : {x: target.x, y: target.y + target.half};
  const rise = right ? {x: BEND * (to.x - from.x), y: 0} : {x: 0, y: BEND * (to.y - from.y)};
  const [dx, dy] = [target.x - source.x, target.y - source.y];
  const length = Math.hypot(dx, dy) || 1;
  const points = [
    {x: from.x + rise.x, y: from.y + rise.y},
    {x: to.x - rise.x, y: to.y - rise.y},
  ];
  return {
    distances: points.map(({x, y}) => ((y - source.y) * dx - (x - source.x) * dy) / length),
    weights: points.map(({x, y}) => ((x - source.x) * dx + (y - source.y) * dy) / length ** 2),
  };
};
/** Whether two ends have no room between them for a curve, of which Cytoscape would complain. */
export const isTight = (source, target, right) => (right ? target.x - source.x : source.y - target.y) < source.half + target.half + 2;
/** Half of a node with its ring. */
export const halfOf = ({size, part, level}) => (size + (level ? LEVEL_RING : RINGS[part || ''])) / 2;

/** The place of a node on a stretched drawing; `right` lays the input at the left. */
export const stretch = ({x, y}, {wide, tall, right}) => ({x: (right ? -y : x) * wide, y: (right ? x : y) * tall});

/** The elements of a drawing. `places` by key, `classesOf(key)` names states, `nameOf(node)` is a picture's or
    null, `labelOf(node)` what a person calls the channel, or ''. */
export const toElements = ({nodes, edges}, {prefix, places, right, zoom, classesOf, nameOf, labelOf}) => {
  const at = new Map(nodes.map((node) => [node.key, {...places.get(node.key), half: halfOf(node)}]));
  const all = [...at.values()];
  const join = (...words) => words.filter(Boolean).join(' ');
  return [
    ...nodes.map((node) => ({
      group: 'nodes',
      pannable: true,
      position: {x: at.get(node.key).x, y: at.get(node.key).y},
      data: {id: prefix + node.key, key: node.key, ...toLabel(node, labelOf(node), at.get(node.key), all), size: node.size, level: node.level || 0, part: node.part, ...toScale(zoom), ...toImages(nameOf(node), node)},
      classes: join(node.part, !node.picture && 'bare', labelOf(node) && 'named', node.added && 'added', classesOf(node.key)),
    })),
    ...edges.map((edge) => ({
      group: 'edges',
      data: {
        id: prefix + edge.key, key: edge.key, source: prefix + edge.source, target: prefix + edge.target, part: edge.part,
        ...toLine(edge.width, zoom), ...bend(at.get(edge.source), at.get(edge.target), right),
      },
      classes: join(edge.part, edge.added && 'added', isTight(at.get(edge.source), at.get(edge.target), right) && 'tight', classesOf(edge.key)),
    })),
  ]; // prettier-ignore
};
