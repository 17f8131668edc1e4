/* The embedding: clicks, linked hover, zoom. */
(function () {
  const page = window.summitDash;
  const dash = window.dash_clientside;
  const plot = () => document.querySelector('#embedding .js-plotly-plot');

  page.followers.push((selection) => {
    document.querySelectorAll('#layer-strip [data-layer]').forEach((button) => {
      button.setAttribute('aria-pressed', String(button.dataset.layer === selection.layer));
    });
    document.documentElement.dataset.layer = selection.layer || '';
    document.getElementById('layer-style').textContent =
      `#graph-gutter [data-layer="${CSS.escape(selection.layer || '')}"] .row-layer {color: var(--accent); font-weight: 600}`;
  });
  const style = document.createElement('style');
  style.id = 'layer-style';
  document.head.appendChild(style);

  dash.summit.bindEmbedding = () => {
    page.when(
      () => plot() && plot().on && plot(),
      (element) => {
        if (element.dataset.bound) return;
        element.dataset.bound = 'yes';
        element.on('plotly_click', (event) => page.dispatch({class_id: event.points[0].customdata}));
        element.on('plotly_hover', (event) => page.markRow(event.points[0].customdata));
        element.on('plotly_unhover', () => page.markRow(null));
      },
    );
  };

  /** Rings and names the point of a class, or of none. */
  page.hoverEmbedding = (classId) => {
    const element = plot();
    const layout = element && element._fullLayout;
    const label = document.getElementById('embedding-label');
    if (!layout || !label || !element.data || !element.data.length) return;
    const place = classId === null ? -1 : Array.from(element.data[0].customdata || []).indexOf(classId);
    label.hidden = place < 0;
    if (place < 0) return;
    const x = layout.xaxis._offset + layout.xaxis.l2p(element.data[0].x[place]);
    const y = layout.yaxis._offset + layout.yaxis.l2p(element.data[0].y[place]);
    label.hidden = x < 0 || y < 0 || x > layout.width || y > layout.height;
    label.firstChild.textContent = element.data[0].text[place];
    label.className = `embedding-label ${x < layout.width / 2 ? 'right' : 'left'}`;
    label.style.transform = `translate(${x}px, ${y}px)`;
  };

  page.zoomEmbedding = (what) => {
    const element = plot();
    if (!element || !window.Plotly) return;
    const axes = ['xaxis', 'yaxis'];
    if (what === 'reset') {
      const initial = page.embeddingRanges(element);
      window.Plotly.relayout(element, {'xaxis.range': initial[0], 'yaxis.range': initial[1]});
      return;
    }
    const factor = what === 'in' ? 1 / 1.5 : 1.5;
    const change = {};
    axes.forEach((axis) => {
      const [low, high] = element.layout[axis].range;
      const middle = (low + high) / 2;
      const half = ((high - low) / 2) * factor;
      change[`${axis}.range`] = [middle - half, middle + half];
    });
    window.Plotly.relayout(element, change);
  };
  page.embeddingRanges = (element) =>
    ['x', 'y'].map((axis) => {
      const values = Array.from(element._fullData[0][axis]);
      const low = Math.min(...values);
      const high = Math.max(...values);
      const margin = 0.1 * (high - low) || 1;
      return [low - margin, high + margin];
    });
})();
