// @ts-check
/* The embedding as a picture file: what is shown, with its legend, without what the pointer and the list mark. */
import {plotly} from '../plotly.js';
import {drawing, emb} from './embedding_state.js';

/** The legend as Plotly draws one: a scale of colours, or a swatch for each entry. */
const buildLegend = ({title, ends, ramp, entries}) => {
  const bar = {orientation: 'h', thickness: 6, len: 0.35, x: 0.02, xanchor: 'left', y: 0, yanchor: 'bottom', outlinewidth: 0};
  const scale = title && {
    showlegend: false,
    marker: {
      color: [0],
      cmin: 0,
      cmax: 1,
      colorscale: ramp.map((color, i) => [i / (ramp.length - 1), color]),
      colorbar: {...bar, title: {text: title, side: 'top'}, tickvals: [0, 1], ticktext: ends},
      showscale: true,
    },
  };
  const named = entries.map(([color, name, n]) => ({
    name: [name, n].filter(Boolean).join(' '),
    marker: {color, size: 7},
    showlegend: true,
  }));
  return [scale, ...named].filter(Boolean).map((trace) => ({type: 'scatter', mode: 'markers', x: [null], y: [null], ...trace}));
};
/** Saves the picture. */
export const savePicture = async () => {
  const {plot, run} = emb;
  const {data, layout} = drawing();
  const library = await plotly;
  const below = 44; /* px for the legend, under the points */
  const legend = emb.shownLegend ? buildLegend(emb.shownLegend) : [];
  const shapes = layout.shapes.filter(({line}) => line && line.width === 2);
  const own = data.map((trace) => ({...trace, showlegend: false}));
  const place = {orientation: 'h', x: 0.02, xanchor: 'left', y: 0, yanchor: 'top'};
  library.downloadImage(
    {
      data: [...own, ...legend],
      layout: {
        ...layout,
        shapes,
        showlegend: legend.length > 0,
        legend: place,
        height: plot.height + below,
        margin: {...layout.margin, b: below},
      },
    },
    {format: 'png', scale: 3, width: plot.width, height: plot.height + below, filename: `${run.name}-${plot.layer}-classes`},
  );
};
