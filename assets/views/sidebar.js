/* The list of classes: its frame, what it follows of the selection, search, orders, what is fetched ahead. */
(function () {
  const page = window.summitDash;
  const {h} = page;
  const {model} = page;
  const list = (page.list = page.list || {state: null});
  const ROW = 34;
  const AHEAD = 60; /* ms that the pointer rests on a row before its class is fetched */
  const at = (id) => document.getElementById(id);

  // --- frame --------------------------------------------------------------------------------------------------------
  const ORDERS = [
    ['similarity', 'Similar', 'Most similar to the selected class first: cosine of the activation counts at the layer.'],
    ['accuracy-up', 'Top-1 ↑', 'Lowest top-1 accuracy first.'],
    ['accuracy-down', 'Top-1 ↓', 'Highest top-1 accuracy first.'],
    ['name', 'Name', 'By name, from A to Z.'],
  ];
  /** The button of an order; one that cannot be chosen says why. */
  const buildOrder = ([sort, label, tip]) => {
    const isPossible = page.run.has.accuracy || !sort.startsWith('accuracy');
    const attributes = {class: 'segment', 'data-sort': sort, 'aria-pressed': 'false'};
    return isPossible
      ? page.action({sort}, {...attributes, 'data-tip': tip}, label)
      : h('button', {type: 'button', ...attributes, 'aria-disabled': 'true', 'data-tip': page.NO_ACCURACY}, label);
  };
  const buildSearch = () =>
    h(
      'label',
      {class: 'search'},
      page.icon('search'),
      h('input', {
        id: 'search', type: 'search', placeholder: `Search ${page.count(page.run.classes.length)} classes`, autocomplete: 'off', spellcheck: 'false',
        role: 'combobox', 'aria-label': 'Search the classes', 'aria-controls': 'class-list', 'aria-expanded': 'true', 'aria-autocomplete': 'list', oninput: search,
      }),
      h('kbd', {'aria-hidden': 'true'}, '/'),
    );
  const TOP1 = 'Top-1 accuracy: images whose most probable output is the class.';
  const BINS = "Images per twentieth of the true class's probability, 0 at the left, 1 at the right.";
  const SIMILAR = 'Cosine of activation counts with the selected class, at the selected layer.';
  const buildHeadings = () =>
    h(
      'div',
      {class: 'list-heads'},
      h('span', null, 'Class'),
      page.term('Top-1', page.run.has.accuracy ? TOP1 : page.NO_ACCURACY, 'number'),
      page.run.has.histograms && page.term('Probability', BINS),
      page.term('Similar', SIMILAR),
    );
  const build = () => {
    const box = h('div', {id: 'class-list', class: 'list', role: 'listbox', tabindex: 0, 'aria-label': 'Classes'});
    const orders = h('div', {id: 'sorts', class: 'segments', role: 'group', 'aria-label': 'Order of the classes'}, ORDERS.map(buildOrder));
    at('sidebar').classList.toggle('without-bins', !page.run.has.histograms);
    at('sidebar').replaceChildren(
      buildSearch(),
      h('div', {class: 'list-tools'}, orders, list.buildGroupTools()),
      h('div', {id: 'only', class: 'only', hidden: true}),
      buildHeadings(),
      h('div', {class: 'list-frame'}, box, h('div', {id: 'no-match', class: 'no-match', role: 'status', hidden: true})),
    );
    const {names} = page.run.groups || {names: []};
    list.state = {
      run: page.run, selection: null, similarity: undefined, order: null, found: null, cursor: null, linked: null, pinned: null, ordered: null,
      heads: model.classes.buildHeads(page.run), index: model.fuzzy.buildIndex(page.run.classes, names),
    };
    list.box = box;
    list.rows = page.virtualList({element: box, height: ROW, build: list.buildRow, fill: list.fillRow, clear: list.clearRow, onView: highlight});
    watch(box);
  };
  /** The classes in view stand out in the embedding, where they are not all of them. */
  const highlight = (items) => {
    const ids = items.filter((item) => item.each).map((item) => item.each.id);
    page.embedding.highlight(ids.length + 1 < page.run.classes.length ? ids : []);
  };

  // --- rows ---------------------------------------------------------------------------------------------------------
  /** All classes in the order that is chosen, sorted again only where it changed. */
  const orderedClasses = () => {
    const {ordered, order, run, selection: {sort}} = list.state;
    if (!ordered || ordered.sort !== sort || ordered.order !== order)
      list.state.ordered = {sort, order, classes: model.classes.orderClasses(run.classes, sort, order)};
    return list.state.ordered.classes;
  };
  list.draw = () => {
    const {state} = list;
    const {selection} = state;
    const shown = list.groups.shown();
    const selected = page.run.classById.get(selection.class_id);
    const rows = model.classes.buildRows(orderedClasses(), {
      sort: selection.sort, similarity: state.order, selected: selection.class_id, groups: shown ? list.groups : null,
      found: state.found && state.found.scores, only: selection.only, heads: state.heads,
    });
    state.pinned = selected && !shown ? {key: `c${selected.id}`, each: selected} : null;
    at('sidebar').classList.toggle('grouped', shown);
    list.rows.show(rows, state.pinned);
    list.showGroupTools();
    tellMatches(rows.length);
  };
  /** After groups were folded or unfolded. */
  list.refold = () => {
    list.draw();
    list.keepCursor();
  };
  /** After groups were shown or hidden. */
  list.regroup = () => {
    list.setCursor(null);
    list.draw();
    showSelected();
  };
  /** Scrolls to the selected class: to the top by similarity, else to its place among the groups. */
  const showSelected = () => {
    const {selection} = list.state;
    const place = list.rows.placeOf(`c${selection.class_id}`);
    if (selection.sort === 'similarity') list.rows.toTop();
    else if (place >= 0) list.rows.reveal(place);
  };

  // --- search -------------------------------------------------------------------------------------------------------
  const search = () => {
    const {state} = list;
    state.found = model.fuzzy.search(state.index, at('search').value);
    list.groups.searchBegins();
    list.draw();
    list.rows.toTop();
    list.setCursor(state.found ? list.bestMatch() : null);
  };
  list.search = (text) => {
    at('search').value = text;
    search();
  };
  /** The row of the best match, the first where several are as good. */
  list.bestMatch = () => {
    const {scores} = list.state.found;
    const rows = list.rows.items().filter((item) => item.each);
    const best = rows.reduce((least, item) => (least === null || scores.get(item.each.id) < scores.get(least.each.id) ? item : least), null);
    return best && best.key;
  };
  const tellMatches = (n) => {
    const {found, pinned, index} = list.state;
    const place = at('no-match');
    const text = at('search').value.trim();
    place.hidden = !found || n > 0;
    if (place.hidden) return place.replaceChildren();
    if (pinned && found.scores.has(pinned.each.id)) return place.replaceChildren(`Only the selected class matches “${text}”.`);
    if (found.scores.size) return place.replaceChildren(`None of the classes from the embedding matches “${text}”.`);
    const nearest = page.run.classById.get(model.fuzzy.nearest(index, text));
    const suggestion = h('button', {type: 'button', class: 'link', onclick: () => list.search(nearest.name)}, nearest.name);
    return place.replaceChildren(h('p', null, `No class matches “${text}”.`), h('p', null, 'The nearest name is ', suggestion, '.'));
  };

  // --- what is fetched ahead, and the pointer -----------------------------------------------------------------------
  let timer = null;
  /** Fetches what a click on the class will show, once the pointer or the cursor rests there. */
  list.prefetch = (id) => {
    window.clearTimeout(timer);
    if (id === null || !page.run.has.graphs) return;
    timer = window.setTimeout(() => {
      page.load(`class/${id}`);
      page.loadPictures(id);
    }, AHEAD);
  };
  const idOf = (row) => (row && row.dataset.class !== undefined ? Number(row.dataset.class) : null);
  const watch = (box) => {
    let over = null;
    const point = (id) => {
      if (id === over) return;
      over = id;
      page.embedding.hover(id);
      list.prefetch(id);
    };
    box.addEventListener('pointerover', (event) => point(idOf(event.target.closest('.row'))));
    box.addEventListener('pointerleave', () => point(null));
    box.addEventListener('click', (event) => {
      const row = event.target.closest('.row');
      const id = idOf(row);
      if (row && row.dataset.group) {
        list.setCursor(row.dataset.group);
        list.groups.toggle(row.dataset.group);
      } else if (id !== null) {
        const isCompare = event.shiftKey || event.target.closest('.row-compare');
        page.dispatch(isCompare && id !== page.selection.class_id ? {vs: id, vs_run: null} : {class_id: id});
      }
    });
  };

  // --- what follows the selection -----------------------------------------------------------------------------------
  /** Reads how similar every class is; until it is there the list keeps its order, but shows no bars of another class. */
  const readSimilarity = async (selection) => {
    const {state} = list;
    state.similarity = page.run.has.activations && page.run.classById.has(selection.class_id) ? undefined : null;
    if (state.similarity === null) {
      state.order = null;
      return;
    }
    const payload = await page.load(`class/${selection.class_id}`);
    const now = state.selection;
    if (list.state !== state || now.class_id !== selection.class_id || now.layer !== selection.layer) return;
    state.similarity = (payload.similarity && payload.similarity[selection.layer]) || null;
    state.order = state.similarity;
    list.draw();
    if (selection.sort === 'similarity') list.rows.toTop();
  };
  const showOnly = ({only}) => {
    const chip = at('only');
    chip.hidden = !only.length;
    if (!only.length) return chip.replaceChildren();
    const close = page.action({only: []}, {class: 'icon-button small', 'aria-label': 'Show all classes', 'data-tip': 'Show all classes  Esc'}, page.icon('close'));
    return chip.replaceChildren(h('span', null, `${page.of(only.length, page.run.classes.length)} classes from the embedding`), close);
  };
  page.view('sidebar', (selection, before) => {
    if (!before) build();
    const isNewClass = page.changed(selection, before, 'class_id');
    const selected = page.run.classById.get(selection.class_id);
    list.state.selection = selection;
    if (isNewClass && selected) list.groups.reveal(selected.group);
    if (page.changed(selection, before, 'sort'))
      document.querySelectorAll('#sorts [data-sort]').forEach((b) => b.setAttribute('aria-pressed', String(b.dataset.sort === selection.sort)));
    if (page.changed(selection, before, 'only')) showOnly(selection);
    if (page.changed(selection, before, 'class_id', 'layer')) readSimilarity(selection);
    if (!page.changed(selection, before, 'class_id', 'layer', 'sort', 'only', 'vs', 'vs_run', 'view')) return;
    list.draw();
    if (isNewClass) list.setCursor(null);
    else list.keepCursor();
    if (page.changed(selection, before, 'class_id', 'sort', 'only')) showSelected();
  });
})();
