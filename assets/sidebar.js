/* The list of classes: cells, order, search, the pinned row, the cursor of the keyboard. */
(function () {
  const page = window.summitDash;
  const dash = window.dash_clientside;
  const functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const make = (...parts) => window.React.createElement(...parts);
  const GRID = 'class-grid';
  let similarity = {};
  let selected = null;
  let cursor = null;

  // --- functions of the grid's options ----------------------------------------------------------------------------------
  functions.summitGridTheme = (quartz) =>
    quartz.withParams({
      backgroundColor: 'var(--paper)',
      foregroundColor: 'var(--ink)',
      borderColor: 'var(--hairline)',
      accentColor: 'var(--accent)',
      headerBackgroundColor: 'var(--paper)',
      headerTextColor: 'var(--muted)',
      rowHoverColor: 'var(--hover)',
      oddRowBackgroundColor: 'var(--paper)',
      fontFamily: 'inherit',
      fontSize: 13,
      headerFontSize: 11,
      headerFontWeight: 500,
      cellHorizontalPadding: 6,
      wrapperBorder: false,
      wrapperBorderRadius: 0,
      headerColumnBorder: false,
      pinnedRowBorder: true,
      browserColorScheme: 'inherit',
    });
  functions.summitRowId = (params) => String(params.data.id);
  functions.summitSimilarity = (params) => page.similarityOf(params.data.id);
  functions.summitNullsLast = (a, b, nodeA, nodeB, isDescending) => {
    if (a === null || b === null || a === undefined || b === undefined) {
      const missing = (v) => v === null || v === undefined;
      if (missing(a) && missing(b)) return 0;
      return (missing(a) ? 1 : -1) * (isDescending ? -1 : 1);
    }
    return a - b;
  };

  // --- what groups.js asks ----------------------------------------------------------------------------------------------
  page.isSelected = (id) => id === selected;
  page.similarityOf = (id) => {
    const value = similarity[id];
    return value === undefined ? null : value;
  };
  page.NO_ACCURACY = "The labels are not the model's outputs, so there is no accuracy.";

  // --- cells --------------------------------------------------------------------------------------------------------------
  cells.SummitName = (props) => {
    const {id, name, mark, full, synset, super: group} = props.data;
    const versus = page.selection && page.selection.vs === id && page.selection.view === 'compare';
    const compare = make(
      'button',
      {
        type: 'button',
        className: 'row-compare',
        'aria-label': `Compare with ${name}`,
        'data-tip': 'Compare with the selected class',
        onClick: () => page.dispatch({vs: id}),
      },
      '⇄',
    );
    return make(
      'span',
      {className: 'cell-name', title: [full, synset, group].filter(Boolean).join(' · '), 'aria-current': id === selected ? 'true' : undefined},
      versus ? make('span', {className: 'badge badge-b'}, 'B') : null,
      make('span', {className: 'name'}, name),
      mark ? make('span', {className: 'mark'}, mark) : null,
      id === selected ? null : compare,
    );
  };
  cells.SummitAccuracy = (props) => {
    const none = props.value === null || props.value === undefined;
    const title = none
      ? page.NO_ACCURACY
      : `${(100 * props.value).toFixed(1)} % of ${props.data.n.toLocaleString('en')} images`;
    return make('span', {title, className: none ? 'muted' : ''}, none ? '–' : `${(100 * props.value).toFixed(1)} %`);
  };
  cells.SummitHistogram = (props) => {
    const bins = props.value;
    if (!bins) return make('span', {className: 'muted cell-none', title: 'No probabilities of the true class in this run.'}, '–');
    const most = Math.max(...bins, 1);
    const path = bins.map((n, i) => `M${i * 3 + 1} 18V${18 - Math.max(0.6, (17 * n) / most)}`).join('');
    return make('svg', {className: 'cell-histogram', viewBox: '0 0 60 18', width: 60, height: 18, 'aria-hidden': true}, make('path', {d: path}));
  };
  cells.SummitSimilarity = (props) => {
    if (props.value === null || props.value === undefined) return make('span', {className: 'muted'}, '–');
    const title = `cosine ${props.value.toFixed(3)} at ${page.selection ? page.selection.layer : ''}`;
    return make('span', {className: 'cell-similarity', title}, make('span', {style: {width: `${100 * Math.max(0, props.value)}%`}}));
  };

  // --- what follows the selection --------------------------------------------------------------------------------------------
  const withGrid = (then) =>
    page.when(
      () => window.dash_ag_grid && document.getElementById(GRID) && tryApi(),
      (api) => then(api),
    );
  const tryApi = () => {
    try {
      return window.dash_ag_grid.getApi(GRID);
    } catch (early) {
      return null;
    }
  };
  const ORDERS = {similarity: ['similarity', 'desc'], 'accuracy-up': ['accuracy', 'asc'], 'accuracy-down': ['accuracy', 'desc']};
  let shown = null;

  const bind = (api) => {
    if (page.gridBound === api) return;
    page.gridBound = api;
    api.addEventListener('rowClicked', (event) => {
      if (event.data.classes || event.event.target.closest('.row-compare')) return;
      page.dispatch({class_id: event.data.id});
    });
    api.addEventListener('cellMouseOver', (event) => page.hoverEmbedding(event.data.classes ? null : event.data.id));
    api.addEventListener('cellMouseOut', () => page.hoverEmbedding(null));
    api.addEventListener('modelUpdated', () => tellMatches(api));
    page.groups.begin();
  };

  /** The selected class is pinned on top of one list; among groups it is marked where it is, and so is its header. */
  const placeSelected = (api) => {
    const node = api.getRowNode(String(selected));
    api.setGridOption('pinnedTopRowData', node && !page.groups.shown() ? [node.data] : []);
    const rows = [selected, node && node.data.group].filter((id) => id !== null && id !== undefined);
    document.getElementById('selected-style').textContent = page.groups.shown()
      ? rows.map((id) => `#class-grid .ag-row[row-id="${CSS.escape(String(id))}"]`).join(', ') + ' {--row-mark: var(--accent)}' +
        `#class-grid .ag-row[row-id="${CSS.escape(String(selected))}"] {background: var(--accent-soft); font-weight: 600}`
      : '';
  };
  const style = document.createElement('style');
  style.id = 'selected-style';
  document.head.appendChild(style);

  /** Scrolls to the selected class: to the top of one list, else to its place among the groups. */
  const showSelected = (api) => {
    if (!api.getDisplayedRowCount()) return;
    const node = page.groups.shown() ? api.getRowNode(String(selected)) : null;
    if (node && node.displayed && shown.selection.sort !== 'similarity') api.ensureNodeVisible(node);
    else api.ensureIndexVisible(0, 'top');
  };
  const regroup = (change) =>
    withGrid((api) => {
      const before = page.groups.shown();
      change(api);
      if (before !== page.groups.shown()) {
        setCursor(api, null);
        placeSelected(api);
        api.onFilterChanged();
        showSelected(api);
      } else keepCursor(api);
    });
  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-groups-do]');
    if (button) regroup(button.dataset.groupsDo === 'show' ? page.groups.toggleShown : page.groups.toggleAll);
  });

  dash.summit.showSidebar = (selection, values) => {
    if (!selection) return;
    withGrid((api) => {
      bind(api);
      const before = shown;
      shown = {selection, values};
      selected = selection.class_id;
      document.querySelectorAll('#sorts [data-sort]').forEach((b) => b.setAttribute('aria-pressed', String(b.dataset.sort === selection.sort)));
      const isNewClass = !before || before.selection.class_id !== selection.class_id;
      if (isNewClass) {
        const node = api.getRowNode(String(selected));
        if (node) page.groups.reveal(null, node.data.group);
        placeSelected(api);
      }
      const isNewValues = !before || before.values !== values;
      similarity = values || {};
      if (!before || before.selection.sort !== selection.sort) {
        const [colId, sort] = ORDERS[selection.sort];
        api.applyColumnState({state: [{colId, sort}], defaultState: {sort: null}});
      }
      if (isNewClass || isNewValues) {
        setCursor(api, null);
        api.onFilterChanged();
        api.refreshCells({force: true});
        api.refreshClientSideRowModel('sort');
        page.groups.refresh();
        showSelected(api);
      } else {
        api.refreshCells({force: true, columns: ['name']});
      }
    });
  };

  dash.summit.search = (text) =>
    withGrid((api) => {
      page.groups.search(api, text || '');
      keepCursor(api);
    });

  const tellMatches = (api) => {
    const text = document.getElementById('search').value;
    const place = document.getElementById('no-match');
    const pinned = api.getPinnedTopRow(0);
    const isPinned = text && pinned && page.matches(pinned.data);
    place.hidden = !text || api.getDisplayedRowCount() > 0;
    place.textContent = isPinned ? `Only the selected class matches “${text}”.` : `No class matches “${text}”.`;
  };

  // --- cursor: the id of a row --------------------------------------------------------------------------------------------------
  const rowAt = (id) => document.querySelector(`#class-grid :is(.ag-center-cols-container, .ag-full-width-container) .ag-row[row-id="${id}"]`);
  const nodeAtCursor = (api) => {
    const node = cursor === null ? null : api.getRowNode(cursor);
    return node && node.displayed ? node : null;
  };
  const setCursor = (api, node) => {
    cursor = node ? node.id : null;
    document.querySelectorAll('#class-grid .ag-row.cursor').forEach((r) => r.classList.remove('cursor'));
    page.hoverEmbedding(node && !node.data.classes ? node.data.id : null);
    if (!node) return;
    const id = node.id;
    api.ensureIndexVisible(node.rowIndex);
    page.when(
      () => cursor !== id || rowAt(id),
      (found) => {
        if (found.classList) found.classList.add('cursor');
        const head = found.querySelector && found.querySelector('.group-head');
        const focused = document.activeElement;
        if (head && focused !== head && focused.id !== 'search') head.focus({preventScroll: true});
        else if (!head && focused.matches('.group-head')) focused.blur();
      },
    );
  };
  /** After rows went: a cursor that went with them goes to the header of its group. */
  const keepCursor = (api) => {
    if (cursor === null || nodeAtCursor(api)) return;
    const node = api.getRowNode(cursor);
    const head = node && node.data.group ? api.getRowNode(node.data.group) : null;
    setCursor(api, head && head.displayed ? head : null);
  };
  page.cursorTo = (id) =>
    withGrid((api) => {
      if (cursor !== id) setCursor(api, api.getRowNode(id));
    });
  page.moveCursor = (step) =>
    withGrid((api) => {
      const last = api.getDisplayedRowCount() - 1;
      if (last < 0) return;
      const node = nodeAtCursor(api);
      const index = node ? Math.min(last, Math.max(0, node.rowIndex + step)) : step > 0 ? 0 : last;
      setCursor(api, api.getDisplayedRowAtIndex(index));
    });
  page.openCursor = () =>
    withGrid((api) => {
      const node = nodeAtCursor(api);
      if (node && node.data.classes) page.groups.toggle(api, node.id);
      else if (node) page.dispatch({class_id: node.data.id});
    });
  page.openFirst = () =>
    withGrid((api) => {
      let first = null;
      api.forEachNodeAfterFilterAndSort((node) => (first = first || (node.data.classes ? null : node)));
      if (first) page.dispatch({class_id: first.data.id});
    });

  /** Folds and unfolds as in a tree; says whether the key meant something to the list. */
  const steer = (api, key) => {
    const node = nodeAtCursor(api);
    if (!node || !page.groups.shown()) return false;
    const isHead = Boolean(node.data.classes);
    const isOpen = isHead && page.groups.isOpen(node.id);
    if (key === ' ' && isHead) page.groups.toggle(api, node.id);
    else if (key === 'ArrowRight' && isHead && !isOpen) page.groups.toggle(api, node.id, true);
    else if (key === 'ArrowRight' && isHead) page.moveCursor(1);
    else if (key === 'ArrowLeft' && isOpen) page.groups.toggle(api, node.id, false);
    else if (key === 'ArrowLeft' && !isHead) setCursor(api, api.getRowNode(node.data.group));
    else return key.startsWith('Arrow');
    return true;
  };
  page.steerList = (event) => {
    const {target, key} = event;
    const inList = Boolean(target.closest('#class-grid'));
    if (!inList && target !== document.body) return false;
    if ((inList || cursor !== null) && (key === 'ArrowUp' || key === 'ArrowDown')) {
      page.moveCursor(key === 'ArrowUp' ? -1 : 1);
      return true;
    }
    if (![' ', 'ArrowLeft', 'ArrowRight'].includes(key) || (key === ' ' && target.matches('button'))) return false;
    const api = tryApi();
    return Boolean(api) && steer(api, key);
  };

  page.markRow = (classId) => {
    document.querySelectorAll('#class-grid .ag-row.linked').forEach((r) => r.classList.remove('linked'));
    if (classId === null) return;
    const api = tryApi();
    const node = api && api.getRowNode(String(classId));
    const id = node && page.groups.shown() && !node.displayed ? node.data.group : classId;
    document.querySelectorAll(`#class-grid .ag-row[row-id="${id}"]`).forEach((r) => r.classList.add('linked'));
  };
})();
