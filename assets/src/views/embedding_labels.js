// @ts-check
/* The names beside the points of the embedding: those that fit, the selected and the compared class always. */
import {scatter} from '../model/scatter.js';
import {FEW, screen} from './embedding_draw.js';
import {emb} from './embedding_state.js';

const FONT = 'Inter, system-ui, sans-serif';
const LONGEST = 24;

const shorten = (name) => (name.length > LONGEST ? `${name.slice(0, LONGEST - 1).trimEnd()}…` : name);
const textOf = (plot, i, isMarked) => {
  const key = isMarked ? -1 - i : i;
  if (!plot.texts.has(key)) {
    const {name, mark} = emb.run.classes[i];
    const text = [shorten(name), mark].filter(Boolean).join(' ');
    plot.context.font = `${isMarked ? '600 12px' : '400 11px'} ${FONT}`;
    plot.texts.set(key, {text, width: plot.context.measureText(text).width + (isMarked ? 8 : 4)});
  }
  return plot.texts.get(key);
};
const labelOf = (plot, i, isMarked) => {
  const [x, y] = screen(plot, i);
  return (
    emb.isSeen(plot, x, y) && {
      i,
      x,
      y,
      gap: isMarked ? 12 : emb.radiusOf(plot) + 3,
      height: isMarked ? 18 : 14,
      must: isMarked,
      isMarked,
      ...textOf(plot, i, isMarked),
    }
  );
};
/** More labels the nearer one looks; all that fit where there are few classes. */
const limitOf = ({points, view}) => (points.x.length < FEW ? FEW : Math.min(90, Math.round(7 * (view.k ** 1.3 - 1))));
const takenBy = (plot) => {
  if (plot.points.x.length >= FEW) return [];
  const radius = emb.radiusOf(plot);
  return [...plot.points.x.keys()]
    .filter((i) => emb.isThere(plot, i))
    .map((i) => {
      const [x, y] = screen(plot, i);
      return {x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius};
    });
};
export const drawLabels = (plot, colors) => {
  const {context} = plot;
  const marked = [plot.a, plot.b, plot.hasCard ? -1 : plot.hover].filter(
    (i, place, all) => emb.isThere(plot, i) && all.indexOf(i) === place,
  );
  const rest = plot.order.filter((i) => !marked.includes(i) && emb.isThere(plot, i) && (!plot.only || plot.only.has(i)));
  const wanted = [...marked.map((i) => labelOf(plot, i, true)), ...rest.map((i) => labelOf(plot, i, false))].filter(Boolean);
  const box = {width: plot.width, height: plot.height - plot.bottom + 4};
  const placed = scatter
    .placeLabels(wanted, {...box, limit: limitOf(plot), taken: takenBy(plot)})
    .sort((a, b) => Number(a.isMarked) - Number(b.isMarked));
  context.textBaseline = 'middle';
  context.lineJoin = 'round';
  placed.forEach((label) => drawLabel(context, label, colors));
};
const drawLabel = (context, {text, box, isMarked}, colors) => {
  context.font = `${isMarked ? '600 12px' : '400 11px'} ${FONT}`;
  context.strokeStyle = context.fillStyle = colors.paper;
  if (isMarked) {
    context.globalAlpha = 0.88;
    context.fillRect(box.x, box.y, box.width, box.height);
    context.globalAlpha = 1;
  } else {
    context.lineWidth = 3;
    context.strokeText(text, box.x + 2, box.y + box.height / 2);
  }
  context.fillStyle = isMarked ? colors.ink : colors.muted;
  context.fillText(text, box.x + (isMarked ? 4 : 2), box.y + box.height / 2 + 0.5);
};
