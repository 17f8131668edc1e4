/* One channel: its pictures, its label, what it does in the class, what drives it, what it drives, who uses it. */
(function () {
  const page = window.summitDash;
  const {h} = page;
  const VIEWS = ['graph', 'compare', 'channels'];
  const KINDS = [
    ['channel', 'visualization', 'Feature visualization: an image optimised to excite the channel.'],
    ['diversity-0', 'diverse 1', 'One of four images optimised together to excite the channel in different ways.'],
    ['diversity-1', 'diverse 2', 'One of four images optimised together to excite the channel in different ways.'],
    ['diversity-2', 'diverse 3', 'One of four images optimised together to excite the channel in different ways.'],
    ['diversity-3', 'diverse 4', 'One of four images optimised together to excite the channel in different ways.'],
    ['neuron', 'neuron', 'An image optimised to excite the channel at the middle position only.'],
    ['negative', 'negative', 'An image optimised to make the channel as negative as possible.'],
  ];
  const EXAMPLE = 2; /* payloads/of_class.py: a dataset example stands for the channel */
  const N_ROWS = {ends: 10, classes: 12};
  const panel = () => document.getElementById('panel');
  let drawing = 0;
  let owner = 'all'; /* whose dataset examples are shown: all classes, or a class id */

  // --- small parts --------------------------------------------------------------------------------------------------
  const skeleton = (className) => h('div', {class: `skeleton ${className}`, 'aria-hidden': 'true'});
  const skeletonRows = (n, className) => h('div', {class: 'rows'}, Array.from({length: n}, () => skeleton(className)));
  const heading = (title, tip, ...after) => h('h3', {}, h('span', {class: 'heading-words'}, page.term(title, tip)), ...after);
  const muted = (text) => h('p', {class: 'muted none'}, text);
  const figure = (value) => Number(value.toPrecision(3)).toLocaleString('en', {maximumSignificantDigits: 3});
  const channelPicture = (layer, channel, kind, className) => {
    if (!kind) return h('span', {class: `${className} picture bare`, 'data-tip': 'No picture in this run'});
    const mark = kind === EXAMPLE ? ' example' : '';
    return h('span', {class: `${className} picture${mark}`}, h('img', {src: page.picture(layer, channel), alt: '', decoding: 'async'}));
  };
  /** A line of a ranking: picture, name, a bar for the fraction, the number. A click follows it. */
  const barRow = ({picture, name, value, fraction, action, tip}) =>
    page.action(
      action,
      {class: 'bar-row', 'data-tip': tip},
      picture,
      h(
        'span',
        {class: 'row-body'},
        h('span', {class: 'row-name'}, name),
        h('span', {class: 'row-value'}, value),
        h('span', {class: 'bar'}, h('span', {style: `width:${(100 * Math.min(1, fraction)).toFixed(1)}%`})),
      ),
    );
  const problemLine = ({rule, found, fix}) => h('div', {class: 'panel-problem', role: 'status'}, h('p', {}, found), h('p', {class: 'muted'}, `${rule} ${fix}`));

  // --- what is shown ------------------------------------------------------------------------------------------------
  /** What is wrong with the layer or channel that a link names; null where nothing is. */
  const findProblem = ({layer, channel, unread}) => {
    const info = page.run.layerByName.get(layer);
    const names = page.run.layers.map((each) => each.layer).join(', ');
    if (!info)
      return {
        rule: `A channel belongs to one of the layers ${names}.`,
        found: `The link says layer=${layer}.`,
        fix: 'Choose a layer or a node of the graph.',
      };
    const asked = unread.channel === undefined ? channel : unread.channel;
    if (typeof asked === 'number' && asked < info.n_channels) return null;
    return {
      rule: `A channel of ${layer} is a number from 0 to ${info.n_channels - 1}.`,
      found: `The link says channel=${asked}.`,
      fix: 'Click a node of the graph.',
    };
  };
  /** The classes shown: one, or A and B; B only where it is of this run. */
  const shownClasses = ({view, class_id, vs, vs_run}) => {
    const isTwo = view === 'compare' && vs !== null && (!vs_run || vs_run === page.run.name);
    const infos = (isTwo ? [class_id, vs] : [class_id]).map((id) => page.run.classById.get(id)).filter(Boolean);
    return infos.map((info, place) => ({info, letter: infos.length > 1 ? 'AB'[place] : ''}));
  };
  const isOpen = (selection) => VIEWS.includes(selection.view) && (selection.channel !== null || 'channel' in selection.unread);

  // --- head ---------------------------------------------------------------------------------------------------------
  const pinButton = (selection, id) => {
    const isPinned = selection.pins.includes(id);
    const pins = isPinned ? selection.pins.filter((each) => each !== id) : [...selection.pins, id];
    const tip = isPinned ? 'Show the whole graph again' : 'Pin: draw only what is connected with this channel';
    return page.action({pins}, {class: 'icon-button small pin', 'aria-pressed': String(isPinned), 'aria-label': 'Pin the channel', 'data-tip': tip}, page.icon('pin'));
  };
  const head = (selection, title) => {
    const id = page.channelId(selection.layer, selection.channel);
    const canPin = title && selection.view !== 'channels';
    return h(
      'div',
      {class: 'panel-head'},
      title || h('h2', {tabindex: -1}, 'Channel'),
      h(
        'div',
        {class: 'panel-buttons'},
        canPin && pinButton(selection, id),
        page.action({channel: null}, {class: 'icon-button small', 'aria-label': 'Close the channel', 'data-tip': 'Close  Esc'}, page.icon('close')),
      ),
    );
  };
  const title = ({layer, channel}) => h('h2', {tabindex: -1, 'data-tip': 'Layer and channel'}, h('span', {class: 'muted'}, layer), h('span', {}, `-${channel}`));

  // --- label --------------------------------------------------------------------------------------------------------
  const labelField = ({layer, channel}) => {
    const state = h('p', {class: 'label-state', role: 'status'});
    const save = async () => {
      const wanted = input.value.trim();
      if (wanted === page.labels.of(layer, channel)) return;
      const problem = await page.labels.save(layer, channel, wanted);
      state.textContent = problem ? `Not saved. ${problem.found} ${problem.rule} ${problem.fix}` : '';
    };
    const keys = (event) => {
      if (event.key === 'Escape') input.value = page.labels.of(layer, channel);
      if (event.key === 'Escape' || event.key === 'Enter') input.blur();
    };
    const input = h('input', {
      class: 'label-input',
      maxlength: 80,
      placeholder: 'Add a label',
      'aria-label': `Label of ${page.channelId(layer, channel)}`,
      autocomplete: 'off',
      onchange: save,
      onkeydown: keys,
    });
    return h('div', {class: 'label-field'}, input, state);
  };
  /** Puts the label into the field, unless a person is writing there. */
  const showLabel = () => {
    const {layer, channel} = page.selection;
    const field = panel().querySelector('.label-field');
    if (!field) return;
    const input = field.querySelector('input');
    const label = page.labels.of(layer, channel);
    const problem = page.labels.problem();
    if (document.activeElement !== input) input.value = label;
    input.readOnly = !page.labels.canEdit();
    field.hidden = input.readOnly && !label && !problem;
    if (problem) field.querySelector('.label-state').textContent = `${problem.found} ${problem.fix}`;
  };

  // --- portrait, other pictures, facts ------------------------------------------------------------------------------
  const caption = (text, tip) => h('span', {class: 'caption', 'data-tip': tip}, text);
  const setPortrait = (identity, selection, kind, facts) => {
    const {layer, channel} = selection;
    const [, , meaning] = KINDS.find(([name]) => name === kind);
    const isExample = facts.picture === EXAMPLE && kind === 'channel';
    const picture =
      kind === 'channel'
        ? channelPicture(layer, channel, facts.picture, 'portrait')
        : h('span', {class: 'portrait picture'}, h('img', {src: page.visualization(layer, channel, kind), alt: ''}));
    const img = picture.querySelector('img');
    if (img) img.alt = `${isExample ? 'Best dataset example' : 'Feature visualization'} of ${page.channelId(layer, channel)}`;
    const words = isExample
      ? caption('example, no visualization', 'Best dataset example: this run holds no feature visualization of the channel.')
      : caption(kind === 'channel' ? (facts.picture ? 'feature visualization' : 'no picture in this run') : `feature visualization, ${KINDS.find(([name]) => name === kind)[1]}`, meaning);
    identity.querySelector('.portrait-frame').replaceChildren(picture, words);
    identity.querySelectorAll('.kind').forEach((button) => button.setAttribute('aria-pressed', String(button.dataset.kind === kind)));
  };
  const kindButton = (identity, selection, facts, [kind, name, meaning]) =>
    h(
      'button',
      {type: 'button', class: 'kind picture', 'data-kind': kind, 'aria-label': name, 'data-tip': `${name}. ${meaning}`, 'aria-pressed': 'false', onclick: () => setPortrait(identity, selection, kind, facts)},
      h('img', {src: kind === 'channel' ? page.picture(selection.layer, selection.channel) : page.visualization(selection.layer, selection.channel, kind), alt: '', decoding: 'async'}),
    );
  const useLine = ({info, letter}, count) => {
    const badge = letter && h('span', {class: `badge badge-${letter.toLowerCase()}`}, letter);
    const tip = 'Images of the class among whose strongest channels of the layer this one is.';
    const share = info.n ? count / info.n : null;
    return h('p', {class: 'use', 'data-tip': tip}, badge, badge && ' ', `${info.name}: `, h('b', {}, page.percent(share)), h('br'), h('span', {class: 'muted'}, `${page.of(count, info.n)} images`));
  };
  const factLines = (facts, classes, inClass) => {
    const lines = [];
    if (facts.n_graphs !== null) lines.push(h('p', {class: 'in-graphs'}, 'in the graphs of ', h('b', {}, page.of(facts.n_graphs, page.run.classes.length)), ' classes'));
    classes.forEach((each, place) => {
      const {count} = inClass[place];
      if (count !== null && count !== undefined) lines.push(useLine(each, count));
    });
    if (facts.max_activation !== undefined)
      lines.push(h('p', {'data-tip': `Greatest activation over all ${page.count(page.run.facts.n_images)} images, in the layer's own unit.`}, 'max activation ', h('b', {}, figure(facts.max_activation))));
    if (facts.is_dead) lines.push(h('p', {}, h('span', {class: 'flag', tabindex: 0, 'data-tip': `It never exceeded 0 on any of ${page.count(page.run.facts.n_images)} images.`}, 'dead')));
    if (facts.is_outlier)
      lines.push(h('p', {}, h('span', {class: 'flag', tabindex: 0, 'data-tip': `Among the strongest channels of ${page.percent(facts.activation_fraction)} of all images, so it tells little about any class.`}, 'outlier')));
    return lines;
  };
  const identity = () =>
    h(
      'div',
      {class: 'identity'},
      h('div', {class: 'portrait-frame'}, skeleton('portrait'), h('span', {class: 'caption'}, '\u00a0')),
      h('div', {class: 'identity-facts'}, skeleton('line'), skeleton('line'), skeleton('line')),
      page.run.kinds.length > 1 && h('div', {class: 'kinds', role: 'group', 'aria-label': 'Feature visualizations'}, page.run.kinds.map(() => skeleton('kind'))),
    );
  const fillIdentity = (element, selection, facts, classes, inClass) => {
    const kinds = KINDS.filter(([kind]) => facts.kinds.includes(kind));
    const row = element.querySelector('.kinds');
    if (row) row.replaceChildren(...(kinds.length > 1 ? kinds.map((kind) => kindButton(element, selection, facts, kind)) : []));
    element.querySelector('.identity-facts').replaceChildren(...factLines(facts, classes, inClass));
    setPortrait(element, selection, 'channel', facts);
  };

  // --- dataset examples ---------------------------------------------------------------------------------------------
  let zoom = null;
  const hideZoom = () => zoom && (zoom.hidden = true);
  /** The example under the pointer or the focus, larger, to the left of the panel. */
  const showZoom = (event) => {
    const at = event.currentTarget;
    if (!zoom) zoom = document.body.appendChild(h('div', {class: 'example-zoom', 'aria-hidden': 'true'}));
    zoom.replaceChildren(h('img', {src: at.querySelector('img').src, alt: ''}), h('span', {}, at.getAttribute('aria-label')));
    zoom.hidden = false;
    const box = at.getBoundingClientRect();
    const size = zoom.getBoundingClientRect();
    zoom.style.left = `${Math.max(6, panel().getBoundingClientRect().left - size.width - 8)}px`;
    zoom.style.top = `${Math.min(Math.max(6, box.top + box.height / 2 - size.height / 2), window.innerHeight - size.height - 6)}px`;
  };
  const example = ({layer, channel}, examples, place) => {
    const rank = examples.rank[place];
    const words = `No. ${rank + 1}: image ${examples.image_id[place]}, activation ${figure(examples.activation[place])}`;
    const img = h('img', {src: page.example(layer, channel, owner, rank), alt: '', decoding: 'async'});
    return h(
      'span',
      {class: 'picture', role: 'img', tabindex: 0, 'aria-label': words, onmouseenter: showZoom, onfocus: showZoom, onmouseleave: hideZoom, onblur: hideZoom},
      img,
    );
  };
  const fillExamples = (section, selection, byOwner) => {
    const examples = byOwner.get(owner) || byOwner.get('all');
    const n = examples.rank.length;
    const whose = owner === 'all' ? 'over all classes' : `of ${page.run.classById.get(owner).name}`;
    const term = page.term(`${n} dataset example${n === 1 ? '' : 's'}`, `Crops of the images that excite the channel most, ${whose}, strongest first.`);
    section.querySelector('.heading-words').replaceChildren(term);
    section.querySelector('.examples').replaceChildren(...(n ? examples.rank.map((_, place) => example(selection, examples, place)) : [muted('This run holds none for the channel.')]));
    section.querySelectorAll('.segment').forEach((button) => button.setAttribute('aria-pressed', String(button.dataset.owner === String(owner))));
  };
  const ownerSwitch = (section, selection, classes, byOwner) => {
    const choices = [['all', 'All classes'], ...classes.map(({info, letter}) => [info.id, letter || 'This class', info.name])];
    return choices.map(([id, text, name]) => {
      const isEmpty = !byOwner.get(id) || !byOwner.get(id).rank.length;
      const tip = isEmpty && id !== 'all' ? 'This run keeps no examples of the class for this channel.' : name;
      const choose = () => {
        if (isEmpty) return;
        owner = id;
        fillExamples(section, selection, byOwner);
      };
      return h('button', {type: 'button', class: 'segment', 'data-owner': id, 'data-tip': tip, 'aria-disabled': isEmpty && 'true', onclick: choose}, text);
    });
  };
  const examplesSection = () =>
    h(
      'section',
      {class: 'panel-examples'},
      h('h3', {}, h('span', {class: 'heading-words'}, 'Dataset examples'), h('span', {class: 'segments owners', role: 'group', 'aria-label': 'Whose examples'})),
      h('div', {class: 'examples'}, Array.from({length: 10}, () => skeleton('picture'))),
    );

  // --- sources and targets ------------------------------------------------------------------------------------------
  /** The measures of influence into layers, each once. */
  const measure = (places) => {
    const found = new Map(places.map((place) => page.run.layers[place].measure).filter(Boolean).map((each) => [each.name, each.text]));
    if (!found.size) return null;
    return page.term([...found.keys()].join(', '), ['How influences are measured', ...new Set(found.values())].join('\n'), 'measure');
  };
  const endRow = (ends, place, info, inGraph) => {
    const {layer} = page.run.layers[ends.layer[place]];
    const channel = ends.channel[place];
    const id = page.channelId(layer, channel);
    const n = ends.count[place];
    const isOutside = inGraph && !inGraph.has(id);
    const label = page.labels.of(layer, channel);
    return barRow({
      picture: channelPicture(layer, channel, ends.picture[place], 'thumb'),
      name: [id, label && [' ', h('span', {class: 'row-label'}, label)], isOutside && [' ', h('span', {class: 'outside'}, 'not in graph')]],
      value: page.count(n),
      fraction: n / Math.max(1, info.n),
      action: {layer, channel},
      tip: `${page.of(n, info.n)} images${isOutside ? ', not in the graph' : ''}${label ? `\n${label}` : ''}`,
    });
  };
  const endsSection = ({title: text, meaning, none}, ends, {info, letter}, measured, inGraph) => {
    const tip = `Images in which the ${meaning}; n = ${page.plural(info.n, 'image')} of ${info.name}.`;
    const rows = ends.channel.map((_, place) => endRow(ends, place, info, inGraph));
    const top = heading(text, tip, h('span', {class: 'n'}, `${letter && `${letter}, `}n = ${page.plural(info.n, 'image')}`));
    if (measured) top.querySelector('.heading-words').append(measured);
    return [top, rows.length ? h('div', {class: 'rows'}, rows) : muted(none)];
  };
  const SOURCES = {title: 'Strongest sources', meaning: 'source is among the strongest influences on the channel'};
  const TARGETS = {title: 'Strongest targets', meaning: 'channel is among the strongest influences on the target'};
  const fillEnds = (section, selection, inClass, whose, graph) => {
    const {place} = page.run.layerByName.get(selection.layer);
    const inGraph = graph.nodes && new Set(graph.nodes.layer.map((at, i) => page.channelId(page.run.layers[at].layer, graph.nodes.channel[i])));
    const first = place === 0 ? 'None recorded: this is the first layer.' : 'None recorded.';
    const last = place === page.run.layers.length - 1 ? 'None recorded: this is the last layer.' : 'None recorded.';
    const into = [...new Set(inClass.targets.layer)];
    section.replaceChildren(
      ...endsSection({...SOURCES, none: first}, inClass.sources, whose, measure([place]), inGraph),
      ...endsSection({...TARGETS, none: last}, inClass.targets, whose, measure(into), inGraph),
    );
  };
  const emptyEnds = (selection) => {
    const {place} = page.run.layerByName.get(selection.layer);
    const list = (text, has) => [h('h3', {}, text), has ? skeletonRows(N_ROWS.ends, 'row') : muted('\u00a0')];
    return h('section', {class: 'ends'}, list(SOURCES.title, place > 0), list(TARGETS.title, place < page.run.layers.length - 1));
  };

  // --- classes ------------------------------------------------------------------------------------------------------
  const classRow = (id, count, selection) => {
    const info = page.run.classById.get(id);
    const isThis = id === selection.class_id;
    const name = h('span', {class: `class-name${isThis ? ' this' : ''}`}, info.name, info.mark && h('span', {class: 'mark'}, ` ${info.mark}`));
    return barRow({
      name,
      value: page.percent(info.n ? count / info.n : null),
      fraction: count / Math.max(1, info.n),
      action: {class_id: id, layer: selection.layer, channel: selection.channel},
      tip: `${info.full}: ${page.of(count, info.n)} images`,
    });
  };
  const CLASSES_TIP = 'By the share of their images among whose strongest channels it is.';
  const fillClasses = (section, selection, facts) => {
    const rows = facts.uses.class.map((id, place) => classRow(id, facts.uses.count[place], selection));
    const n = h('span', {class: 'n'}, `used by ${page.of(facts.n_uses, page.run.classes.length)}`);
    section.replaceChildren(
      heading('Classes that use it most', CLASSES_TIP, page.run.has.activations && n),
      rows.length ? h('div', {class: 'rows classes-rows'}, rows) : muted(page.run.has.activations ? "No class: in no image's set." : 'This run holds no counts of activations.'),
    );
  };

  // --- the whole ----------------------------------------------------------------------------------------------------
  const draw = async (selection) => {
    const turn = ++drawing;
    const {layer, channel} = selection;
    const classes = shownClasses(selection);
    if (owner !== 'all' && !classes.some(({info}) => info.id === owner)) owner = classes.length === 1 ? classes[0].info.id : 'all';
    const who = identity();
    const examples = examplesSection();
    const ends = classes.length ? emptyEnds(selection) : h('section', {class: 'ends'});
    const users = h('section', {}, h('h3', {}, 'Classes that use it most'), skeletonRows(Math.min(N_ROWS.classes, page.run.classes.length), 'row slim'));
    const body = h('div', {class: 'panel-body', tabindex: -1}, labelField(selection), who, examples, ends, users);
    panel().replaceChildren(head(selection, title(selection)), body);
    showLabel();
    const key = `channel/${layer}/${channel}`;
    const [facts, graph, ...inClass] = await Promise.all([
      page.load(key),
      classes.length && page.run.has.graphs ? page.load(`class/${classes[0].info.id}`) : {},
      ...classes.map(({info}) => page.load(`class/${info.id}/${key}`)),
    ]);
    if (turn !== drawing) return;
    if (facts.problem) {
      body.replaceChildren(page.emptyState(facts.problem));
      return;
    }
    fillIdentity(who, selection, facts, classes, inClass);
    const byOwner = new Map([['all', facts.examples], ...classes.map(({info}, place) => [info.id, inClass[place].examples])]);
    examples.querySelector('.owners').replaceChildren(...ownerSwitch(examples, selection, classes, byOwner));
    if (owner !== 'all' && !(byOwner.get(owner) || {rank: []}).rank.length) owner = 'all';
    fillExamples(examples, selection, byOwner);
    if (classes.length && inClass[0].problem) ends.replaceChildren(problemLine(inClass[0].problem));
    else if (classes.length) fillEnds(ends, selection, inClass[0], classes[0], graph);
    fillClasses(users, selection, facts);
    panel().dataset.channel = page.channelId(layer, channel);
  };

  // --- focus: into the panel where a key opened it, back to where it was ---------------------------------------------
  let byKeyboard = false;
  let opener = null;
  document.addEventListener('keydown', () => (byKeyboard = true), true);
  document.addEventListener('pointerdown', () => (byKeyboard = false), true);
  /** Finds an element again that was drawn anew since. */
  const finder = (element) => {
    const mark = ['data-node', 'data-tile', 'data-class', 'id'].find((name) => element.getAttribute && element.getAttribute(name));
    const selector = mark && `[${mark}="${CSS.escape(element.getAttribute(mark))}"]`;
    return () => (element.isConnected ? element : selector && document.querySelector(selector));
  };
  const moveFocus = (wasOpen, hadFocus) => {
    if (!byKeyboard || (wasOpen && !hadFocus)) return;
    if (!wasOpen) opener = finder(document.activeElement || document.body);
    panel().querySelector('h2').focus({preventScroll: true});
  };
  const close = () => {
    drawing += 1;
    const hadFocus = panel().contains(document.activeElement) || document.activeElement === document.body;
    hideZoom();
    panel().hidden = true;
    delete panel().dataset.channel;
    panel().replaceChildren();
    const back = hadFocus && byKeyboard && opener && opener();
    if (back && back !== document.body) back.focus({preventScroll: true});
    opener = null;
  };

  page.view('channel_panel', (selection, before) => {
    if (!isOpen(selection)) {
      if (!panel().hidden) close();
      return;
    }
    const wasOpen = !panel().hidden;
    const inside = document.activeElement;
    const hadFocus = panel().contains(inside);
    const problem = findProblem(selection);
    if (wasOpen && !problem && before && !page.changed(selection, before, 'class_id', 'vs', 'vs_run', 'layer', 'channel', 'view', 'unread')) {
      const pin = panel().querySelector('.pin');
      if (pin && page.changed(selection, before, 'pins')) {
        const again = pinButton(selection, page.channelId(selection.layer, selection.channel));
        pin.replaceWith(again);
        if (inside === pin) again.focus();
      }
      return;
    }
    hideZoom();
    panel().hidden = false;
    delete panel().dataset.channel;
    if (problem) {
      drawing += 1;
      panel().replaceChildren(head(selection, null), page.emptyState(problem));
    } else draw(selection);
    moveFocus(wasOpen, hadFocus);
  });
  document.addEventListener('summit-labels', () => {
    if (page.selection && !panel().hidden) showLabel();
  });
})();
