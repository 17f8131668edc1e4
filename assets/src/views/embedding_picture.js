// @ts-check
/* The embedding as a picture file: what is shown, with its legend, without what the pointer and the list mark. */
import {h} from '../dom.js';
import {isThere, toScreen} from '../model/points.js';
import {plotly} from '../plotly.js';
import {color} from '../shell.js';
import {saveFile} from '../widgets/download.js';
import {listNames} from './embedding_over.js';
import {drawing, emb} from './embedding_state.js';

const SCALE = 3; /* pixels of the file for a pixel of the page */
const BELOW = 48; /* px under the points for the legend */
/** The legend as Plotly draws one: a scale of colours under its title, or a swatch for each entry. */
const buildLegend = ({title, ends, ramp, entries}, height) => {
  const bar = {
    orientation: 'h',
    thickness: 6,
    len: 0.35,
    x: 0.08,
    ticklabeloverflow: 'allow',
    xanchor: 'left',
    y: -18 / height,
    yanchor: 'top',
    xpad: 0,
    ypad: 0,
    outlinewidth: 0,
  };
  const colors = title && {
    colorscale: ramp.map((tint, i) => [i / (ramp.length - 1), tint]),
    colorbar: {...bar, tickvals: [0, 1], ticktext: ends},
  };
  const scale = title && {showlegend: false, marker: {...colors, color: [0], cmin: 0, cmax: 1, showscale: true}};
  const named = entries.map(([tint, name, n]) => ({
    name: [name, n].filter(Boolean).join(' '),
    marker: {color: tint, size: 7},
    showlegend: true,
  }));
  const words = {text: title, xref: 'paper', yref: 'paper', x: 0.08, y: 0, xanchor: 'left', yanchor: 'top', showarrow: false};
  return {
    data: [scale, ...named].filter(Boolean).map((trace) => ({type: 'scatter', mode: 'markers', x: [null], y: [null], ...trace})),
    layout: {
      annotations: title ? [words] : [],
      showlegend: named.length > 0,
      legend: {
        orientation: 'h',
        xanchor: title ? 'right' : 'left',
        x: title ? 1 : 0.02,
        y: title ? -18 / height : 0,
        yanchor: 'top',
        font: {size: 10},
      },
    },
  };
};
/* Where a name is held, by the side of its point: its text may be wider than on the page. */
const ANCHORS = {'middle right': ['left', 0], 'middle left': ['right', 1], 'top center': ['center', 0.5], 'bottom center': ['center', 0.5]};
/** Names, A and B as Plotly draws them, in the colours of the page. */
const buildMarks = (/** @type {any} */ plot) => {
  const {a, b, width, height} = plot;
  const at = (/** @type {number[]} */ [x, y]) => ({xref: 'paper', yref: 'paper', x: x / width, y: 1 - y / height});
  const names = listNames().map(({text, box, isMarked}) => ({
    ...at([box.x + box.width * ANCHORS[box.side][1], box.y + box.height / 2]),
    text: isMarked ? `<b>${text}</b>` : text,
    font: {size: isMarked ? 12 : 11, color: color(isMarked ? 'ink' : 'muted')},
    xanchor: ANCHORS[box.side][0],
    yanchor: 'middle',
    showarrow: false,
  }));
  const shape = (i, type, size, look) => {
    const {x, y, ...ends} = at(toScreen(plot, i));
    const box = {xsizemode: 'pixel', ysizemode: 'pixel', xanchor: x, yanchor: y, x0: -size, x1: size, y0: -size, y1: size};
    return {...ends, ...box, type, ...(type === 'path' ? {path: `M0,${size}L${size},0L0,-${size}L-${size},0Z`} : {}), ...look};
  };
  const full = (name) => ({fillcolor: color(name), line: {color: color('paper'), width: 1.5}});
  const ring = (name, dash) => ({line: {color: color(name), width: 2, dash}});
  const pair = b >= 0;
  return {
    annotations: names,
    shapes: [
      isThere(plot, b) && [shape(b, 'path', 6, full('b')), shape(b, 'circle', 10, ring('b', 'dot'))],
      isThere(plot, a) && [shape(a, 'circle', 5.5, full(pair ? 'a' : 'accent')), pair && shape(a, 'circle', 9, ring('a', 'solid'))],
    ].flat().filter(Boolean), // prettier-ignore
  };
};
/** The rule that brings the page's font, for a picture that may load no files itself; empty where a file may not be read. */
const readFont = async () => {
  const sheet = /** @type {any} */ (document.querySelector('link[rel=stylesheet][href*="summit_dash.css"]'));
  try {
    const bytes = new Uint8Array(await (await fetch(new URL('fonts/inter-latin.woff2', sheet.href))).arrayBuffer());
    const text = window.btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
    return `@font-face{font-family:Inter;font-weight:100 900;src:url(data:font/woff2;base64,${text}) format("woff2")}`;
  } catch {
    return '';
  }
};
/** Draws an SVG as a PNG. */
const toPixels = async (svg, {width, height}) => {
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = /** @type {any} */ (h('canvas', {width: SCALE * width, height: SCALE * height}));
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
};
/** Saves the picture. */
export const savePicture = async () => {
  const {plot, run, shownLegend} = emb;
  const {data, layout} = drawing();
  const below = shownLegend ? BELOW : 0;
  const legend = shownLegend ? buildLegend(shownLegend, plot.height) : {data: [], layout: {}};
  const marks = buildMarks(plot);
  const size = {width: plot.width, height: plot.height + below};
  const figure = {
    data: [...data.map((trace) => ({...trace, showlegend: false})), ...legend.data],
    layout: {
      ...layout,
      ...size,
      margin: {...layout.margin, b: below},
      ...legend.layout,
      shapes: marks.shapes,
      annotations: [...marks.annotations, ...(legend.layout.annotations || [])],
    },
  };
  const [library, font] = await Promise.all([plotly, readFont()]);
  const drawn = await library.toImage(figure, {...size, format: 'svg', imageDataOnly: true});
  const picture = await toPixels(
    drawn.replace(/<svg[^>]*>/, (start) => `${start}<style>${font}</style>`),
    size,
  );
  saveFile(`${run.name}-${plot.layer}-classes.png`, 'image/png', picture);
};
