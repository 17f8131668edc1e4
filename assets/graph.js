/* The graph's canvas: fits it to the window, draws its curves, filters, highlights. No server round trip. */
(function () {
  const page = window.summitDash;
  const dash = window.dash_clientside;
  /* dash-cytoscape always names the wheel's sensitivity, and cytoscape warns whenever it is named: keep that one out. */
  const warn = window.console.warn.bind(window.console);
  window.console.warn = (...words) => {
    if (!String(words[0]).startsWith('You have set a custom wheel sensitivity')) warn(...words);
  };
  const LABEL = 11; /* px on the screen, at any zoom */
  const NODE = 96;
  const SMALLEST_ZOOM = 0.3;
  const PAD = {top: 30, right: 28, bottom: 22};
  let touched = false;
  let applied = {width: 100, height: 100, covers: 100};

  const canvas = () => {
    const element = document.getElementById('graph');
    return element && element._cyreg && element._cyreg.cy;
  };
  const stage = () => document.getElementById('graph-stage');
  const isCompare = () => Boolean(page.selection && page.selection.view === 'compare');
  const gutterWidth = () => (isCompare() ? 140 : 92);

  // --- position -----------------------------------------------------------------------------------------------------
  const extent = (cy) => {
    const xs = cy.nodes().map((n) => n.data('x'));
    const ys = cy.nodes().map((n) => n.data('y'));
    return {x: Math.max(...xs) - Math.min(...xs), y: Math.max(...ys) - Math.min(...ys), mid: (Math.max(...ys) + Math.min(...ys)) / 2};
  };

  /** The zoom at which the graph fits, and how far it may be stretched at that zoom to use the window. */
  const plan = (cy) => {
    const room = {
      x: cy.width() - gutterWidth() - PAD.right,
      y: cy.height() - PAD.top - PAD.bottom,
    };
    const span = extent(cy);
    const byHeight = Math.min(1, room.y / (span.y + NODE));
    const zoom = Math.max(SMALLEST_ZOOM, Math.min(byHeight, room.x / (span.x + NODE)));
    const stretch = (space, length, most) => (length ? Math.min(most, Math.max(1, (space / zoom - NODE) / length)) : 1);
    return {zoom, room, span, sx: stretch(room.x, span.x, 2.2), sy: stretch(room.y, span.y, 2.6)};
  };

  const curve = (edge) => {
    const source = edge.source();
    const target = edge.target();
    const s = source.position();
    const t = target.position();
    const x = t.x - s.x;
    const y = t.y + target.data('size') / 2 - (s.y - source.data('size') / 2);
    const square = x * x + y * y || 1;
    const bend = 0.42;
    const weight = (bend * y * y) / square;
    const distance = (bend * x * y) / Math.sqrt(square);
    edge.style({
      'control-point-weights': [weight, 1 - weight],
      'control-point-distances': [distance, -distance],
    });
  };

  const arrange = (cy, refit) => {
    if (!cy.nodes().length) return;
    const {zoom, room, span, sx, sy} = plan(cy);
    const wide = (sx * applied.width) / 100;
    const tall = (sy * applied.height) / 100;
    cy.batch(() => {
      cy.nodes().positions((n) => ({x: n.data('x') * wide, y: n.data('y') * tall}));
      cy.edges().forEach(curve);
    });
    if (refit) {
      const middle = {x: gutterWidth() + room.x / 2, y: PAD.top + room.y / 2};
      const fitsX = (span.x * wide + NODE) * zoom <= room.x + 1;
      const fitsY = (span.y * tall + NODE) * zoom <= room.y + 1;
      const first = Math.min(...cy.nodes().map((n) => n.position('x')));
      const top = Math.min(...cy.nodes().map((n) => n.position('y')));
      cy.viewport({
        zoom,
        pan: {
          x: fitsX ? middle.x : gutterWidth() + 12 - (first - NODE / 2) * zoom,
          y: fitsY ? middle.y - span.mid * tall * zoom : PAD.top - (top - NODE / 2) * zoom,
        },
      });
    }
    relabel(cy);
    placeGutter();
  };

  const relabel = (cy) => {
    const zoom = cy.zoom();
    const size = Math.min(LABEL / zoom, 34);
    cy.batch(() => {
      cy.nodes().style({'font-size': size, 'text-margin-y': -2 / zoom});
      cy.edges().forEach((e) => e.style('width', Math.max(e.data('width'), 0.9 / zoom)));
    });
  };

  page.fitGraph = () => {
    const cy = canvas();
    if (!cy) return;
    touched = false;
    cy.resize();
    arrange(cy, true);
  };

  // --- labels of the rows ---------------------------------------------------------------------------------------------
  let gutterPending = false;
  const placeGutter = () => {
    if (gutterPending) return;
    gutterPending = true;
    requestAnimationFrame(() => {
      gutterPending = false;
      const cy = canvas();
      if (!cy) return;
      const spans = new Map(); /* a layer of many channels stands in several lines */
      cy.nodes().forEach((n) => {
        const y = n.renderedPosition('y');
        const span = spans.get(n.data('layer')) || {top: y, bottom: y};
        spans.set(n.data('layer'), {top: Math.min(span.top, y), bottom: Math.max(span.bottom, y)});
      });
      const rows = [...document.querySelectorAll('#graph-gutter .gutter-row')];
      rows.forEach((row) => {
        const span = spans.get(row.dataset.layer);
        const y = span ? (span.top + span.bottom) / 2 : 0;
        row.hidden = !span || y < -30 || y > cy.height() + 30;
        row.style.transform = `translateY(calc(${y}px - 50%))`;
      });
      placePartingLine(spans);
    });
  };
  const placePartingLine = (spans) => {
    const line = document.querySelector('#graph-gutter .parting-line');
    if (!line) return;
    const span = spans.get(line.dataset.parting);
    const all = [...spans.values()].sort((a, b) => a.top - b.top);
    const below = span && all[all.indexOf(span) + 1];
    line.hidden = !below;
    if (below) line.style.transform = `translateY(${(span.bottom + below.top) / 2}px)`;
  };

  // --- hover ------------------------------------------------------------------------------------------------------------
  const highlight = (cy, node) => {
    const lit = node.union(node.connectedEdges()).union(node.neighborhood('node'));
    cy.batch(() => {
      cy.elements().difference(lit).addClass('faded');
      lit.addClass('lit');
    });
    const tip = document.getElementById('graph-tooltip');
    tip.replaceChildren();
    const title = document.createElement('b');
    title.textContent = node.id();
    tip.append(title, ...node.data('notes').map((text) => Object.assign(document.createElement('div'), {textContent: text})));
    if (node.hasClass('example')) tip.append(Object.assign(document.createElement('i'), {textContent: 'best dataset example, no visualization'}));
    tip.hidden = false;
    const box = node.renderedBoundingBox({includeLabels: false, includeOverlays: false});
    const left = box.x2 + 10 + tip.offsetWidth > cy.width() ? box.x1 - 10 - tip.offsetWidth : box.x2 + 10;
    tip.style.left = `${Math.max(4, left)}px`;
    tip.style.top = `${Math.min(Math.max(4, box.y1), cy.height() - tip.offsetHeight - 4)}px`;
  };
  const unhighlight = (cy) => {
    cy.batch(() => cy.elements().removeClass('faded lit'));
    document.getElementById('graph-tooltip').hidden = true;
  };

  // --- filter and choice --------------------------------------------------------------------------------------------------
  const filter = (cy, covers) => {
    cy.batch(() => {
      cy.elements().removeClass('filtered');
      if (!isCompare()) cy.elements().filter((e) => e.data('covered') >= covers).addClass('filtered');
    });
  };
  const choose = (cy) => {
    const {layer, channel} = page.selection || {};
    cy.batch(() => {
      cy.nodes('.chosen').removeClass('chosen');
      if (channel !== null && channel !== undefined) cy.getElementById(`${layer}-${channel}`).addClass('chosen');
    });
  };

  /** Moves the chosen node out from under the channel panel, where the panel lies over the graph. */
  const reveal = (cy) => {
    const node = cy.nodes('.chosen');
    const panel = document.getElementById('panel');
    const covers = window.innerWidth < 1200 ? panel.offsetWidth || 340 : 0;
    if (!node.length || !covers) return;
    const over = node.renderedPosition('x') + 40 - (cy.width() - covers);
    if (over > 0) cy.animate({panBy: {x: -over, y: 0}, duration: page.reducedMotion() ? 0 : 200, easing: 'ease-out'});
  };

  const bind = (cy) => {
    if (cy.scratch('_summit')) return;
    cy.scratch('_summit', true);
    cy.on('mouseover', 'node', (event) => highlight(cy, event.target));
    cy.on('mouseout', 'node', () => unhighlight(cy));
    cy.on('tap', 'node', (event) => page.dispatch({layer: event.target.data('layer'), channel: event.target.data('channel')}));
    cy.on('tap', (event) => {
      if (event.target === cy && page.selection && page.selection.channel !== null) page.dispatch({channel: null});
    });
    cy.on('scrollzoom dragpan pinchzoom', () => (touched = true));
    cy.on('viewport', placeGutter);
    cy.on('zoom', () => relabel(cy));
    cy.on('dragpan scrollzoom', () => (document.getElementById('graph-tooltip').hidden = true));
    new ResizeObserver(() => {
      cy.resize();
      arrange(cy, !touched);
    }).observe(stage());
  };

  const holds = (cy, elements) => cy.elements().length === elements.length && elements.every((e) => cy.getElementById(e.data.id).length);

  /** Draws new elements once the canvas holds them. */
  dash.summit.showGraph = (elements) => {
    if (!elements) return;
    const token = (page.drawing = {});
    page.when(
      () => page.drawing !== token || (canvas() && holds(canvas(), elements)),
      () => {
        if (page.drawing !== token) return;
        const cy = canvas();
        bind(cy);
        touched = false;
        cy.elements().removeClass('faded lit');
        document.getElementById('graph-tooltip').hidden = true;
        cy.resize();
        filter(cy, applied.covers);
        choose(cy);
        arrange(cy, true);
        reveal(cy);
        stage().dataset.drawn = String(elements.length);
        stage().dataset.painted = String(Math.round(performance.now()));
      },
    );
  };

  dash.summit.themeGraph = (theme, stylesheets) => {
    page.when(canvas, (cy) => requestAnimationFrame(() => relabel(cy)));
    return stylesheets[theme || 'light'];
  };

  // --- sliders and what else follows the selection ----------------------------------------------------------------------------
  const apply = (name, value) => {
    const text = document.getElementById(`${name}-value`);
    if (text) text.textContent = `${value} %`;
    if (applied[name] === value) return;
    applied = {...applied, [name]: value};
    const cy = canvas();
    if (!cy) return;
    if (name === 'covers') filter(cy, value);
    else arrange(cy, !touched);
  };
  const timers = {};
  ['covers', 'width', 'height'].forEach((name) => {
    dash.summit[`slide_${name}`] = (value) => {
      if (value === undefined || value === null) return;
      apply(name, value);
      window.clearTimeout(timers[name]);
      timers[name] = window.setTimeout(() => {
        if (page.selection && page.selection[name] !== value) page.dispatch({[name]: value});
      }, 200);
    };
  });

  dash.summit.chooseVersus = (value) => {
    if (!value || !page.selection || page.selection.vs === Number(value)) return;
    page.dispatch({vs: Number(value)});
  };

  page.followers.push((selection) => {
    document.documentElement.dataset.view = selection.view;
    document.querySelectorAll('#tabs [data-view]').forEach((tab) => {
      tab.setAttribute('aria-selected', String(tab.dataset.view === selection.view));
    });
    dash.set_props('versus', {value: selection.vs === null ? null : String(selection.vs)});
    ['covers', 'width', 'height'].forEach((name) => {
      if (applied[name] !== selection[name]) dash.set_props(name, {value: selection[name]});
      apply(name, selection[name]);
    });
    const cy = canvas();
    if (cy) {
      choose(cy);
      reveal(cy);
    }
  });
})();
