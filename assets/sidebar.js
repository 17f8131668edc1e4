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
  functions.summitSearchText = (params) => [params.data.full, params.data.synset, `#${params.data.id}`].join(' ');
  functions.summitSimilarity = (params) => {
    const value = similarity[params.data.id];
    return value === undefined ? null : value;
  };
  functions.summitNullsLast = (a, b, nodeA, nodeB, isDescending) => {
    if (a === null || b === null || a === undefined || b === undefined) {
      const missing = (v) => v === null || v === undefined;
      if (missing(a) && missing(b)) return 0;
      return (missing(a) ? 1 : -1) * (isDescending ? -1 : 1);
    }
    return a - b;
  };
  functions.summitIsUnpinned = (params) => params.data.id !== selected;

  // --- cells --------------------------------------------------------------------------------------------------------------
  cells.SummitName = (props) => {
    const {id, name, mark, full, synset} = props.data;
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
      {className: 'cell-name', title: [full, synset].filter(Boolean).join(' · ')},
      versus ? make('span', {className: 'badge badge-b'}, 'B') : null,
      make('span', {className: 'name'}, name),
      mark ? make('span', {className: 'mark'}, mark) : null,
      id === selected ? null : compare,
    );
  };
  cells.SummitAccuracy = (props) => {
    const none = props.value === null || props.value === undefined;
    const title = none
      ? 'The labels of this run are not the outputs of the model: no accuracy.'
      : `${(100 * props.value).toFixed(1)} % of ${props.data.n.toLocaleString('en')} images`;
    return make('span', {title, className: none ? 'muted' : ''}, none ? '–' : `${(100 * props.value).toFixed(1)} %`);
  };
  cells.SummitHistogram = (props) => {
    const bins = props.value;
    if (!bins) return make('span', {className: 'muted', title: 'No probabilities of the true class in this run.'}, '–');
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
      if (!event.event.target.closest('.row-compare')) page.dispatch({class_id: event.data.id});
    });
    api.addEventListener('cellMouseOver', (event) => page.hoverEmbedding(event.data.id));
    api.addEventListener('cellMouseOut', () => page.hoverEmbedding(null));
    api.addEventListener('modelUpdated', () => tellMatches(api));
  };

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
        api.setGridOption('pinnedTopRowData', node ? [node.data] : []);
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
        if (api.getDisplayedRowCount()) api.ensureIndexVisible(0, 'top');
      } else {
        api.refreshCells({force: true, columns: ['name']});
      }
    });
  };

  dash.summit.search = (text) => withGrid((api) => api.setGridOption('quickFilterText', text || ''));

  const tellMatches = (api) => {
    const text = document.getElementById('search').value;
    const place = document.getElementById('no-match');
    const pinned = api.getPinnedTopRow(0);
    const isPinned = text && pinned && functions.summitSearchText({data: pinned.data}).toLowerCase().includes(text.toLowerCase());
    place.hidden = !text || api.getDisplayedRowCount() > 0;
    place.textContent = isPinned ? `Only the selected class matches “${text}”.` : `No class matches “${text}”.`;
  };

  // --- cursor ------------------------------------------------------------------------------------------------------------------
  const setCursor = (api, index) => {
    cursor = index;
    const row = index === null ? null : api.getDisplayedRowAtIndex(index);
    api.deselectAll();
    document.querySelectorAll('#class-grid .ag-row.cursor').forEach((r) => r.classList.remove('cursor'));
    page.hoverEmbedding(row ? row.data.id : null);
    if (!row) return;
    api.ensureIndexVisible(index);
    page.when(
      () => cursor !== index || document.querySelector(`#class-grid .ag-center-cols-container .ag-row[row-index="${index}"]`),
      (found) => found.classList && found.classList.add('cursor'),
    );
  };
  page.moveCursor = (step) =>
    withGrid((api) => {
      const last = api.getDisplayedRowCount() - 1;
      if (last < 0) return;
      setCursor(api, cursor === null ? (step > 0 ? 0 : last) : Math.min(last, Math.max(0, cursor + step)));
    });
  page.openCursor = () =>
    withGrid((api) => {
      const row = cursor === null ? null : api.getDisplayedRowAtIndex(cursor);
      if (row) page.dispatch({class_id: row.data.id});
    });
  page.openFirst = () =>
    withGrid((api) => {
      const row = api.getDisplayedRowAtIndex(0);
      if (row) page.dispatch({class_id: row.data.id});
    });
  page.markRow = (classId) => {
    document.querySelectorAll('#class-grid .ag-row.linked').forEach((r) => r.classList.remove('linked'));
    if (classId === null) return;
    document.querySelectorAll(`#class-grid .ag-row[row-id="${classId}"]`).forEach((r) => r.classList.add('linked'));
  };
})();
