// @ts-check
/* The embedding as a picture file: what is shown, with its legend, without what the pointer and the list mark. */
import {plotly} from '../plotly.js';
import {drawing, emb} from './embedding_state.js';

const BELOW = 48; /* px under the points for the legend */
/** The legend as Plotly draws one: a scale of colours under its title, or a swatch for each entry. */
const buildLegend = ({title, ends, ramp, entries}, height) => {
  const bar = {
    orientation: 'h',
    thickness: 6,
    len: 0.35,
    x: 0.05,
    ticklabeloverflow: 'allow',
    xanchor: 'left',
    y: -18 / height,
    yanchor: 'top',
    xpad: 0,
    ypad: 0,
    outlinewidth: 0,
  };
  const colors = title && {
    colorscale: ramp.map((color, i) => [i / (ramp.length - 1), color]),
    colorbar: {...bar, tickvals: [0, 1], ticktext: ends},
  };
  const scale = title && {showlegend: false, marker: {...colors, color: [0], cmin: 0, cmax: 1, showscale: true}};
  const named = entries.map(([color, name, n]) => ({
    name: [name, n].filter(Boolean).join(' '),
    marker: {color, size: 7},
    showlegend: true,
  }));
  const words = {text: title, xref: 'paper', yref: 'paper', x: 0.05, y: 0, xanchor: 'left', yanchor: 'top', showarrow: false};
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
/** Saves the picture. */
export const savePicture = async () => {
  const {plot, run, shownLegend} = emb;
  const {data, layout} = drawing();
  const below = shownLegend ? BELOW : 0;
  const legend = shownLegend ? buildLegend(shownLegend, plot.height) : {data: [], layout: {}};
  const shapes = layout.shapes.filter(({line}) => line && line.width === 2); /* rings of A and B */
  const size = {width: plot.width, height: plot.height + below};
  const figure = {
    data: [...data.map((trace) => ({...trace, showlegend: false})), ...legend.data],
    layout: {...layout, ...size, shapes, margin: {...layout.margin, b: below}, ...legend.layout},
  };
  const library = await plotly;
  await library.downloadImage(figure, {...size, format: 'png', scale: 3, filename: `${run.name}-${plot.layer}-classes`});
};
