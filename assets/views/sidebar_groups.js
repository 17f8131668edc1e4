/* The groups of the list: which are shown and folded, kept in this browser for each run. */
(function () {
  const page = window.summitDash;
  const {h} = page;
  const list = (page.list = page.list || {state: null});
  let kept = null; /* {run, shown, folded: keys of groups} */
  let foldedInSearch = new Set();

  const load = (run) => {
    const {names, shown, folded} = run.groups || {names: [], shown: false, folded: false};
    const stored = page.remember(`groups:${run.name}`) || {};
    const isFolded = (name) => (Array.isArray(stored.folded) ? stored.folded.includes(name) : folded);
    return {
      run,
      shown: names.length > 0 && (typeof stored.shown === 'boolean' ? stored.shown : shown),
      folded: new Set(names.flatMap((name, group) => (isFolded(name) ? [`g${group}`] : []))),
    };
  };
  const now = () => {
    if (!kept || kept.run !== page.run) kept = load(page.run);
    return kept;
  };
  const save = () => {
    const folded = [...now().folded].map((key) => page.run.groups.names[Number(key.slice(1))]);
    page.remember(`groups:${page.run.name}`, {shown: now().shown, folded});
  };
  /* While something is searched for, all that matches is unfolded; what is folded then is forgotten with the search. */
  const hidden = () => (list.state && list.state.found ? foldedInSearch : now().folded);
  const setOpen = (key, open) => (open ? hidden().delete(key) : hidden().add(key));
  const keys = () => page.run.groups.names.map((_, group) => `g${group}`);
  const isAllFolded = () => keys().every((key) => hidden().has(key));

  list.groups = {
    shown: () => now().shown,
    isOpen: (key) => !hidden().has(key),
    /** Opens the group of a class, as a selection does. */
    reveal: (group) => {
      if (group === null) return;
      now().folded.delete(`g${group}`);
      foldedInSearch.delete(`g${group}`);
    },
    searchBegins: () => (foldedInSearch = new Set()),
    toggle: (key, open = hidden().has(key)) => {
      setOpen(key, open);
      save();
      list.refold();
    },
    toggleAll: () => {
      const open = isAllFolded();
      keys().forEach((key) => setOpen(key, open));
      save();
      list.refold();
    },
    toggleShown: () => {
      now().shown = !now().shown;
      save();
      list.regroup();
    },
  };

  // --- the two buttons ----------------------------------------------------------------------------------------------
  page.doing['groups-show'] = () => list.groups.toggleShown();
  page.doing['groups-fold'] = () => list.groups.toggleAll();
  /** Shows or hides the groups, and folds them all; nothing where no class has a group. */
  list.buildGroupTools = () =>
    page.run.groups &&
    h(
      'div',
      {class: 'group-tools'},
      h('button', {type: 'button', class: 'tool', 'data-do': 'groups-show', 'aria-label': 'Groups', 'data-tip': 'Classes under their groups, or in one list.'},
        page.icon('groups'), h('span', {class: 'tool-label'}, 'Groups')),
      h('button', {type: 'button', class: 'icon-button small', 'data-do': 'groups-fold'}, page.icon('fold')),
    );
  list.showGroupTools = () => {
    const show = document.querySelector('#sidebar [data-do=groups-show]');
    if (!show) return;
    const fold = show.nextElementSibling;
    const label = isAllFolded() ? 'Unfold all groups' : 'Fold all groups';
    show.setAttribute('aria-pressed', String(now().shown));
    fold.disabled = !now().shown;
    fold.setAttribute('aria-label', label);
    fold.dataset.tip = label;
    fold.firstElementChild.className = `icon icon-${isAllFolded() ? 'unfold' : 'fold'}`;
  };
})();
