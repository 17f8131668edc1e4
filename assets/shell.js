/* What is around the views: header, tabs, theme, clicks, tooltips, the list of shortcuts. */
(function () {
  const page = window.summitDash;
  const {h} = page;

  // --- theme --------------------------------------------------------------------------------------------------------
  const preferred = () => (window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  const setTheme = (theme) => {
    document.documentElement.dataset.theme = theme;
    document.dispatchEvent(new CustomEvent('summit-theme'));
  };
  setTheme(page.remember('theme') || preferred());
  page.toggleTheme = () => {
    const theme = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
    page.remember('theme', theme);
    setTheme(theme);
  };
  /** The value of a custom property of the style sheet, for what is drawn on a canvas. */
  page.color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  // --- header -------------------------------------------------------------------------------------------------------
  const fact = (name, value, tip) =>
    h('div', {class: 'fact', 'data-tip': tip}, h('span', {class: 'fact-name'}, name), h('span', {class: 'fact-value'}, value));
  /** Chooses the run, where several are served. */
  const showRuns = () => {
    const {runs} = page.boot;
    if (runs.length < 2) return;
    const picker = h('select', {class: 'run-picker', 'aria-label': 'Run', onchange: (event) => page.dispatch({run: event.target.value})},
      runs.map(({name}) => h('option', {value: name, selected: name === page.run.name}, name)));
    document.getElementById('runs').replaceChildren(picker);
  };
  page.view('header', (selection, before) => {
    document.documentElement.dataset.view = selection.view;
    document.querySelectorAll('#tabs [data-view]').forEach((tab) => {
      tab.setAttribute('aria-selected', String(tab.dataset.view === selection.view));
    });
    document.querySelectorAll('[data-pane]').forEach((pane) => (pane.hidden = !pane.dataset.pane.split(' ').includes(selection.view)));
    if (before) return;
    const {facts, classes} = page.run;
    document.getElementById('header').replaceChildren(
      fact('Model', facts.model),
      fact('Dataset', facts.dataset),
      fact('Classes', page.count(classes.length)),
      fact('Instances', page.count(facts.n_images), 'Images that the run was computed from.'),
    );
    showRuns();
    const names = page.boot.runs.map((run) => run.name);
    const unknown = selection.run && !names.includes(selection.run);
    document.getElementById('notice').replaceChildren(
      unknown
        ? h('div', {class: 'notice', role: 'alert'},
            `A link names a run that is served. This one names “${selection.run}”; served: ${names.join(', ')}. Showing ${page.run.name}.`)
        : '',
    );
  });

  // --- clicks -------------------------------------------------------------------------------------------------------
  page.toggleHelp = (open) => {
    const help = document.getElementById('help');
    if (!help) return;
    help.hidden = open === undefined ? !help.hidden : !open;
    if (!help.hidden) help.querySelector('[data-close-help]').focus();
  };
  /** What a click on `data-do="name"` does; views add to it. */
  page.doing = {theme: page.toggleTheme, help: () => page.toggleHelp(), 'close-help': () => page.toggleHelp(false)};
  document.addEventListener('click', (event) => {
    const source = event.target.closest('[data-action]');
    const doer = event.target.closest('[data-do]');
    if (source && source.href && (event.metaKey || event.ctrlKey || event.shiftKey)) return; /* a new tab */
    if (source && source.href) event.preventDefault();
    if (source) page.dispatch(JSON.parse(source.dataset.action));
    else if (doer && page.doing[doer.dataset.do]) page.doing[doer.dataset.do](doer, event);
    else if (event.target.id === 'help') page.toggleHelp(false);
    hideTip();
  });

  // --- tooltips: one element, kept inside the window ----------------------------------------------------------------
  let tip = null;
  let timer = null;
  const hideTip = () => {
    window.clearTimeout(timer);
    if (tip) tip.hidden = true;
  };
  const showTip = (owner) => {
    if (!owner.isConnected || !owner.dataset.tip) return;
    if (!tip) {
      tip = h('div', {class: 'tip', role: 'tooltip'});
      document.body.appendChild(tip);
    }
    tip.textContent = owner.dataset.tip;
    tip.hidden = false;
    const box = owner.getBoundingClientRect();
    const size = tip.getBoundingClientRect();
    const below = box.bottom + 6 + size.height < window.innerHeight;
    const left = Math.min(Math.max(6, box.left + box.width / 2 - size.width / 2), window.innerWidth - size.width - 6);
    tip.style.left = `${left}px`;
    tip.style.top = `${below ? box.bottom + 6 : Math.max(6, box.top - size.height - 6)}px`;
  };
  document.addEventListener('mouseover', (event) => {
    const owner = event.target.closest && event.target.closest('[data-tip]');
    hideTip();
    if (owner) timer = window.setTimeout(() => showTip(owner), 350);
  });
  document.addEventListener('focusin', (event) => {
    if (event.target.matches('.term:focus-visible, [aria-disabled]:focus-visible')) showTip(event.target);
  });
  document.addEventListener('focusout', hideTip);
})();
