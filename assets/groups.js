/* The groups of the list of classes: which are shown and folded, their headers, their order. */
(function () {
  const page = window.summitDash;
  const functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const make = (...parts) => window.React.createElement(...parts);
  const listeners = new Set();
  let version = 0;
  let state = null;
  let text = '';
  let found = null; /* The ids that match the search; null where nothing is searched for. */
  let foldedInSearch = new Set();

  // --- state, kept in this browser for each run ---------------------------------------------------------------------
  const store = (then) => {
    try {
      return then(window.localStorage);
    } catch (refused) {
      return null; /* A private window: it lasts as long as the page. */
    }
  };
  const load = () => {
    const tools = document.getElementById('groups');
    if (!tools) return {shown: false, folded: new Set(), names: []};
    const {run, names, shown, folded} = JSON.parse(tools.dataset.start);
    const key = `summit-dash-groups:${run}`;
    const kept = store((storage) => JSON.parse(storage.getItem(key))) || {};
    const isFolded = (name) => (Array.isArray(kept.folded) ? kept.folded.includes(name) : folded);
    const ids = names.map((name, place) => `g${place}`).filter((id, place) => isFolded(names[place]));
    return {key, names, shown: typeof kept.shown === 'boolean' ? kept.shown : shown, folded: new Set(ids)};
  };
  const now = () => (state = state || load());
  const nameOf = (id) => now().names[Number(id.slice(1))];
  const save = () =>
    store((storage) => storage.setItem(now().key, JSON.stringify({shown: now().shown, folded: [...now().folded].map(nameOf)})));

  const hidden = () => (found ? foldedInSearch : now().folded);
  const isOpen = (id) => !hidden().has(id);
  const setOpen = (id, open) => (open ? hidden().delete(id) : hidden().add(id));
  const nMatches = (head) => (found ? head.classes.filter((id) => found.has(id)).length : head.classes.length);

  /** The list is drawn anew, and every header on the screen. */
  const changed = (api) => {
    version += 1;
    document.documentElement.dataset.groups = now().shown ? 'on' : 'off';
    const tools = document.getElementById('groups');
    if (tools) {
      tools.querySelector('[data-groups-do=show]').setAttribute('aria-pressed', String(now().shown));
      const fold = tools.querySelector('[data-groups-do=fold]');
      const label = isAllFolded() ? 'Unfold all groups' : 'Fold all groups';
      fold.disabled = !now().shown;
      fold.setAttribute('aria-label', label);
      fold.dataset.tip = label;
      fold.firstElementChild.className = `icon icon-${isAllFolded() ? 'unfold' : 'fold'}`;
    }
    if (api) api.onFilterChanged();
    listeners.forEach((listen) => listen());
  };
  const isAllFolded = () => now().names.every((name, place) => hidden().has(`g${place}`));

  page.groups = {
    shown: () => now().shown,
    isOpen,
    isHead: (data) => Boolean(data.classes),
    /** Opens the group of a class, as a selection does. */
    reveal: (api, group) => {
      if (group === undefined) return;
      now().folded.delete(group);
      foldedInSearch.delete(group);
      changed(api);
    },
    toggle: (api, id, open = !isOpen(id)) => {
      setOpen(id, open);
      save();
      changed(api);
    },
    toggleAll: (api) => {
      const open = isAllFolded();
      now().names.forEach((name, place) => setOpen(`g${place}`, open));
      save();
      changed(api);
    },
    toggleShown: (api) => {
      now().shown = !now().shown;
      save();
      changed(api);
    },
    begin: () => changed(null),
    /** Every word of the search must be in a class's names, its number or its group. */
    search: (api, asked) => {
      text = asked.trim().toUpperCase();
      foldedInSearch = new Set();
      found = text ? new Set() : null;
      if (found) {
        api.forEachNode((node) => {
          if (!node.data.classes && page.matches(node.data)) found.add(node.data.id);
        });
      }
      changed(api);
    },
  };
  page.matches = ({full, synset, id, super: group}) => {
    const words = [full, synset, `#${id}`, group].join(' ').toUpperCase();
    return text.split(/\s+/).every((word) => words.includes(word));
  };

  // --- functions of the grid's options --------------------------------------------------------------------------------
  functions.summitIsGroup = (params) => Boolean(params.rowNode.data && params.rowNode.data.classes);
  functions.summitIsListed = ({data}) => {
    if (data.classes) return now().shown && nMatches(data) > 0;
    if (found && !found.has(data.id)) return false;
    return now().shown ? isOpen(data.group) : !page.isSelected(data.id);
  };

  const mean = (values) => (values.length ? values.reduce((sum, v) => sum + v, 0) / values.length : null);
  /** How like the selected class a group is: its most similar class, the selected one itself left out. */
  const likeness = (head) => {
    const known = head.classes.filter((id) => !page.isSelected(id)).map((id) => [page.similarityOf(id), id]);
    const values = known.filter(([value]) => value !== null);
    const best = values.reduce((most, each) => (most === null || each[0] > most[0] ? each : most), null);
    return {best, mean: mean(values.map(([value]) => value))};
  };
  const KEYS = {
    name: (head) => head.name.toLowerCase(),
    accuracy: (head) => head.accuracy,
    /* The group of the selected class leads, whatever the others are. */
    similarity: (head) => (head.classes.some(page.isSelected) ? Infinity : (likeness(head).best || [null])[0]),
  };
  const orderHeads = (heads, column) => {
    const key = column ? KEYS[column.colId] : () => null;
    const sign = column && column.sort === 'desc' ? -1 : 1;
    const keyed = heads.map((node, place) => ({node, place, value: key(node.data)}));
    const compare = (a, b) => {
      if (a.node.data.last !== b.node.data.last) return a.node.data.last ? 1 : -1;
      if ((a.value === null) !== (b.value === null)) return a.value === null ? 1 : -1;
      if (a.value === b.value) return Number(a.node.data.id.slice(1)) - Number(b.node.data.id.slice(1));
      return a.value < b.value ? -sign : sign;
    };
    return keyed.sort(compare).map((each) => each.node);
  };
  /** The grid has sorted all rows by a column: puts each class under its header, and the headers in order. */
  functions.summitGroupRows = ({nodes, api}) => {
    if (!now().shown) return;
    const members = new Map();
    const heads = [];
    nodes.forEach((node) => {
      if (node.data.classes) heads.push(node);
      else if (members.has(node.data.group)) members.get(node.data.group).push(node);
      else members.set(node.data.group, [node]);
    });
    const column = api.getColumnState().find((each) => each.sort);
    const rows = orderHeads(heads, column).flatMap((head) => [head, ...(members.get(head.data.id) || [])]);
    rows.forEach((row, place) => (nodes[place] = row));
  };

  // --- the header of a group --------------------------------------------------------------------------------------------
  const count = (n, noun, nouns) => `${n.toLocaleString('en')} ${n === 1 ? noun : nouns}`;
  const sizeOf = (head) => {
    const n = nMatches(head);
    const all = count(head.classes.length, 'class', 'classes');
    return n < head.classes.length ? `${n} of ${all}` : `${all} · ${count(head.n, 'image', 'images')}`;
  };
  const accuracyOf = ({accuracy, known, classes}) => {
    if (accuracy === null) return make('span', {className: 'number muted', title: page.NO_ACCURACY}, '–');
    const of = known < classes.length ? `${known} of ${classes.length} classes` : count(known, 'class', 'classes');
    const value = `${(100 * accuracy).toFixed(1)} %`;
    return make('span', {className: 'number', title: `Mean top-1 accuracy of ${of}: ${value}`}, value);
  };
  const likenessOf = (head, nameOfClass) => {
    const {best, mean: middle} = likeness(head);
    if (!best) return make('span', {className: 'muted'}, '–');
    const title = `Most similar: ${nameOfClass(best[1])}, cosine ${best[0].toFixed(3)}; mean of the group ${middle.toFixed(3)}`;
    return make('span', {className: 'cell-similarity', title}, make('span', {style: {width: `${100 * Math.max(0, best[0])}%`}}));
  };
  const subscribe = (listen) => {
    listeners.add(listen);
    return () => listeners.delete(listen);
  };
  cells.SummitGroup = ({data, api}) => {
    window.React.useSyncExternalStore(subscribe, () => version);
    const open = isOpen(data.id);
    const nameOfClass = (id) => api.getRowNode(String(id)).data.name;
    const head = {
      type: 'button',
      className: 'group-head',
      'aria-expanded': open,
      'data-group': data.id,
      onClick: () => page.groups.toggle(api, data.id),
      onFocus: () => page.cursorTo(data.id),
    };
    return make(
      'div',
      {role: 'gridcell', className: 'group-cell'},
      make(
        'button',
        head,
        make('span', {className: 'icon icon-chevron', 'aria-hidden': true}),
        make('span', {className: 'group-name', title: data.name}, data.name),
        accuracyOf(data),
        make('span', {className: 'group-size'}, sizeOf(data)),
        make('span', {className: 'group-likeness'}, likenessOf(data, nameOfClass)),
      ),
    );
  };
  /** The headers say anew what depends on the selection. */
  page.groups.refresh = () => {
    version += 1;
    listeners.forEach((listen) => listen());
  };
})();
