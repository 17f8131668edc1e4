/* The page's one channel to the server: what a person does becomes an action; what the server decides is shown. */
window.summitDash = {selection: null};
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.summit = {};

(function () {
  const dash = window.dash_clientside;
  const page = window.summitDash;
  let serial = 0;

  page.dispatch = (action) => dash.set_props('action', {data: {...action, serial: ++serial}});
  page.reducedMotion = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches;

  /** Calls `then` with the first truthy value of `get`, looked for once a frame. */
  page.when = (get, then) => {
    let left = 600;
    const look = () => {
      const found = get();
      if (found) then(found);
      else if (--left > 0) requestAnimationFrame(look);
    };
    look();
  };

  /** What runs in the browser after every new selection; scripts add to it. */
  page.followers = [];
  dash.summit.showSelection = (selection) => {
    if (!selection) return;
    page.selection = selection;
    page.followers.forEach((follow) => follow(selection));
  };

  // --- address ----------------------------------------------------------------------------------------------------
  dash.summit.boot = () => ({query: window.location.search, serial: 0});
  window.addEventListener('popstate', () => page.dispatch({query: window.location.search}));
  dash.summit.showAddress = (address) => {
    if (!address || address.query === window.location.search) return;
    const url = window.location.pathname + address.query;
    window.history[address.push ? 'pushState' : 'replaceState'](null, '', url);
  };

  // --- theme ------------------------------------------------------------------------------------------------------
  const preferred = () => (window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  const stored = () => {
    try {
      return window.localStorage.getItem('summit-dash-theme');
    } catch (refused) {
      return null;
    }
  };
  const setTheme = (theme) => {
    document.documentElement.dataset.theme = theme;
    return theme;
  };
  setTheme(stored() || preferred());
  dash.summit.bootTheme = () => document.documentElement.dataset.theme;
  dash.summit.applyTheme = (theme) => theme || document.documentElement.dataset.theme;
  page.toggleTheme = () => {
    const theme = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
    try {
      window.localStorage.setItem('summit-dash-theme', theme);
    } catch (refused) {
      /* A private window: the theme lasts as long as the page. */
    }
    dash.set_props('theme', {data: setTheme(theme)});
  };

  // --- clicks -----------------------------------------------------------------------------------------------------
  page.toggleHelp = (open) => {
    const help = document.getElementById('help');
    if (!help) return;
    help.hidden = open === undefined ? !help.hidden : !open;
    if (!help.hidden) help.querySelector('[data-close-help]').focus();
  };
  document.addEventListener('click', (event) => {
    const target = event.target;
    const source = target.closest('[data-action]');
    if (source) page.dispatch(JSON.parse(source.dataset.action));
    else if (target.closest('#theme-toggle')) page.toggleTheme();
    else if (target.closest('#help-toggle')) page.toggleHelp();
    else if (target.closest('[data-close-help]') || target.id === 'help') page.toggleHelp(false);
    else if (target.closest('#fit')) page.fitGraph();
    else if (target.closest('[data-embedding]')) page.zoomEmbedding(target.closest('[data-embedding]').dataset.embedding);
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
      tip = document.createElement('div');
      tip.className = 'tip';
      tip.setAttribute('role', 'tooltip');
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
