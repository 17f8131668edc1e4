/* Shortcuts; the list of them is in the header view. */
(function () {
  const page = window.summitDash;
  const isTyping = (target) => target.matches('input:not([type=range]), textarea, select, [contenteditable]');

  const stepLayer = (step) => {
    const layers = [...document.querySelectorAll('#layer-strip [data-layer]')].map((b) => b.dataset.layer);
    const place = layers.indexOf(page.selection && page.selection.layer);
    const next = layers[Math.min(layers.length - 1, Math.max(0, place + step))];
    if (next && page.selection && next !== page.selection.layer) page.dispatch({layer: next});
  };
  const openCompare = () => {
    page.dispatch({view: 'compare'});
    if (page.selection && page.selection.vs === null) document.getElementById('versus').focus();
  };
  const escape = () => {
    const help = document.getElementById('help');
    if (!help.hidden) page.toggleHelp(false);
    else if (page.embedding.leave()) return;
    else if (page.selection && (page.selection.channel !== null || 'channel' in page.selection.unread)) page.dispatch({channel: null});
    else if (page.selection && page.selection.panel === 'class') page.dispatch({panel: 'channel'});
    else if (page.selection && page.selection.only.length) page.dispatch({only: []});
  };
  const KEYS = {
    '/': () => document.getElementById('search').focus(),
    j: () => page.moveCursor(1),
    k: () => page.moveCursor(-1),
    '[': () => stepLayer(-1),
    ']': () => stepLayer(1),
    c: openCompare,
    l: () => page.embedding.toggleLasso(),
    g: () => page.dispatch({view: 'graph'}),
    i: () => page.toggleClassPanel(),
    f: () => page.fitGraph(),
    u: () => page.undo(),
    U: () => page.redo(),
    '?': () => page.toggleHelp(),
    Escape: escape,
  };
  const IN_SEARCH = {
    Escape: () => page.clearSearch(),
    Enter: (event) => page.openFirst(event.shiftKey),
    ArrowDown: () => page.moveCursor(1),
    ArrowUp: () => page.moveCursor(-1),
  };

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target;
    if (target.id === 'search') {
      if (!IN_SEARCH[event.key]) return;
      event.preventDefault();
      IN_SEARCH[event.key](event);
      return;
    }
    if (isTyping(target)) return;
    if (page.steerList(event)) {
      event.preventDefault();
      return;
    }
    if (event.key === 'Enter' && !target.matches('button, a')) page.openCursor(event.shiftKey);
    if (!KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });
})();
