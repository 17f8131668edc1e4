/* The bar above the graph: the class, in a comparison both, and where the second one is chosen. */
(function () {
  const page = window.summitDash;
  const graph = (page.graph = page.graph || {});
  const {h} = page;

  const buildHistogram = ({bins, n}) => {
    if (!bins) return null;
    const most = Math.max(...bins) || 1;
    const tip = `Probability that the model gives to the true class, over ${page.plural(n, 'image')}: 0 at the left, 1 at the right, ${page.plural(most, 'image')} in the highest bar.`;
    const bars = bins.map((each) => h('span', {style: `height:${Math.max(4, Math.round((100 * each) / most))}%`}));
    return h('div', {class: 'histogram', role: 'img', 'data-tip': tip, 'aria-label': tip}, bars);
  };
  const buildFacts = (info) => [
    h('span', {class: 'muted images'}, page.plural(info.n, 'image')),
    info.top1 === null
      ? page.term('no accuracy', page.NO_ACCURACY, 'muted')
      : h('span', {class: 'number', 'data-tip': page.accuracyTip(info)}, page.percent(info.top1)),
  ];
  const buildClass = (info, letter) => {
    const tip = [info.full, info.synset, page.run.groups && info.group !== null && page.run.groups.names[info.group]].filter(Boolean).join(' · ');
    const badge = letter ? h('span', {class: 'badge badge-a'}, letter) : null;
    const mark = info.mark ? h('span', {class: 'mark'}, info.mark) : null;
    const title = h('h1', {'data-tip': tip}, badge, h('span', {class: 'name'}, info.name), mark);
    return h('div', {class: 'class-title'}, title, buildFacts(info), buildHistogram(info));
  };

  // --- the second class ---------------------------------------------------------------------------------------------
  let picker = null;
  const swap = ({class_id, vs}) =>
    page.action({class_id: vs, vs: class_id, view: 'compare'}, {class: 'icon-button small', 'data-tip': 'Swap A and B', 'aria-label': 'Swap A and B'}, page.icon('swap'));
  const clear = () =>
    page.action({vs: null, view: 'graph', also: []}, {class: 'icon-button small', 'data-tip': 'Compare no more', 'aria-label': 'Compare no more'}, page.icon('close'));
  const showPicker = (selection, first, second) => {
    const inComparison = selection.view === 'compare';
    if (!picker) {
      picker = graph.buildPicker({id: 'versus', label: 'Second class', hint: 'compare with…', choose: (id) => page.dispatch({vs: id, view: 'compare'})});
      picker.lead = h('span', {class: 'lead'});
      picker.facts = h('span', {class: 'lead'});
      graph.frame.picker.replaceChildren(picker.lead, picker.element, picker.facts);
    }
    picker.lead.replaceChildren(...(inComparison && second && first ? [swap(selection), h('span', {class: 'badge badge-b'}, 'B')] : [h('span', {class: 'muted'}, 'vs')]));
    picker.facts.replaceChildren(...(inComparison && second ? [...buildFacts(second), clear()] : []));
    picker.show(inComparison ? second : null);
  };
  graph.showBar = (selection) => {
    const first = page.run.classById.get(selection.class_id);
    const second = page.run.classById.get(selection.vs);
    const {bar} = graph.frame;
    bar.replaceChildren(...(first ? [buildClass(first, selection.view === 'compare' ? 'A' : '')] : []));
    showPicker(selection, first, second);
  };
})();
