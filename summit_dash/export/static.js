/* A static site. Dash's own renderer draws the page; what it and the page would fetch comes from the document and from
   packs: scripts beside it, because a page opened from a file may not fetch. Read before all other scripts. */
window.summitStatic = (() => {
  const PER_LAYER = 1e6;
  const BLANK = 'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7#';
  const TYPES = {
    webp: 'image/webp',
    jpg: 'image/jpeg',
    svg: 'image/svg+xml',
    json: 'application/json',
    csv: 'text/csv',
    graphml: 'application/xml',
  };

  // --- what Dash asks for -------------------------------------------------------------------------------------------
  const answers = JSON.parse(document.getElementById('answers').textContent);
  const fetchElsewhere = window.fetch.bind(window);
  window.fetch = (resource, options) => {
    const name = String(resource.url || resource).split('/').pop();
    if (!(name in answers)) return fetchElsewhere(resource, options);
    return Promise.resolve(new Response(JSON.stringify(answers[name]), {headers: {'Content-Type': 'application/json'}}));
  };

  // --- the selection, behind a #: a file takes no query -------------------------------------------------------------
  if (window.location.search && window.location.hash.length < 2)
    window.history.replaceState(null, '', `${window.location.pathname}#${window.location.search}`);
  const address = {
    read: () => window.location.hash.replace(/^#/, ''),
    of: (query) => `#${query}`,
  };

  // --- packs --------------------------------------------------------------------------------------------------------
  const packs = new Map(); /* name -> {content, size}, those used last at the end */
  const pending = new Map(); /* name -> promise of a pack that is being read */
  let index = null; /* layers, and the first number of each pack of a series */
  const sizeOf = (content) =>
    Object.values(content).reduce((sum, value) => sum + ((value && value.text) || value).length || 1000, 0);

  /** Called by the scripts of the packs. */
  const receive = (run, name, content) => {
    packs.set(name, {content, size: sizeOf(content)});
    index = index || content.index;
    let total = [...packs.values()].reduce((sum, each) => sum + each.size, 0);
    for (const [old, {size}] of packs) {
      if (total <= site.most || old === name) break;
      if (old !== 'run' && packs.delete(old)) total -= size;
    }
  };
  const read = (name) => {
    if (!pending.has(name)) {
      const script = document.createElement('script');
      const arrival = new Promise((resolve, reject) => {
        script.onload = resolve;
        script.onerror = () => reject(new Error(`run/${name}.js is not there`));
      });
      script.src = `run/${name}.js`;
      document.head.append(script);
      pending.set(name, arrival.finally(() => script.remove() || pending.delete(name)));
    }
    return pending.get(name);
  };
  const placeOf = (layer) => index.layers.indexOf(layer);
  /** Returns the pack of a series that holds a number: the last one that begins at or below it. */
  const inSeries = (name, number) => {
    const first = (index.firsts[name] || []).filter((each) => each <= number).pop();
    return first === undefined ? null : `${name}-${first}`;
  };
  const ofChannel = (series, layer, channel) => inSeries(series, placeOf(layer) * PER_LAYER + Number(channel));
  /* Payloads have words and ids between slashes; the name of a layer may hold more of these. */
  const PLACES = [
    [/^channels\/(.+)$/, (layer) => `channels-${placeOf(layer)}`],
    [/^channel\/(.+)\/(\d+)$/, (layer, channel) => ofChannel('channel', layer, channel)],
    [/^picture\/([^/]+)\/(\d+)\./, (layer, channel) => ofChannel('picture', decodeURIComponent(layer), channel)],
    [/^visualization\/([^/]+)\/(\d+)\//, (layer, channel) => ofChannel('channel', decodeURIComponent(layer), channel)],
    [/^example\/([^/]+)\/(\d+)\/all\//, (layer, channel) => ofChannel('channel', decodeURIComponent(layer), channel)],
    [/^example\/([^/]+)\/(\d+)\/(\d+)\//, (layer, channel, id) => ofChannel(`example-${id}`, decodeURIComponent(layer), channel)],
    [/^graph\/(\d+)/, (id) => isThere(id) && `files-${id}`],
    [/^cut\/(\d+)$/, (place) => `cut-${place}`],
    [/^(image|preview|small)\/(\d+)/, (series, id) => inSeries(series, Number(id))],
    [/^class\/(\d+)(?:\/ends)?$/, (id) => isThere(id) && `class-${id}`],
    [/^[^/]+\/(\d+)(?:\/|$)/, (id) => isThere(id) && `more-${id}`],
    [/^(\w+)$/, (key) => key],
  ];
  const isThere = (id) => packs.get('run').content.run.classes.id.includes(Number(id));
  const packOf = (path) => {
    const [pattern, name] = PLACES.find(([each]) => each.test(path)) || [/$/, () => null];
    return name(...path.match(pattern).slice(1)) || null;
  };
  /** Returns what a loaded pack holds under a path, and keeps the pack. */
  const find = (path) => {
    for (const [name, pack] of packs) {
      if (!(path in pack.content)) continue;
      packs.delete(name);
      packs.set(name, pack);
      return pack.content[path];
    }
    return null;
  };
  /** Returns what a path names: from the packs that are loaded, else from its own; null where the site lacks it. */
  const open = async (path) => {
    if (!index) await read('run');
    const found = find(path);
    if (found) return found;
    const name = packOf(path);
    if (name) await read(name);
    return find(path);
  };
  const readPayload = async (run, key) =>
    (await open(key)) || {
      problem: {
        rule: 'A static site holds the channels of its attribution graphs.',
        found: `It has nothing for ${key}.`,
        fix: 'Open the run itself with `summit-dash serve`.',
      },
    };

  // --- pictures -----------------------------------------------------------------------------------------------------
  const write = (path, found) => {
    const type = TYPES[path.split('.').pop()];
    return found.text ? `data:${type};charset=utf-8,${encodeURIComponent(found.text)}` : `data:${type};base64,${found}`;
  };
  /** Returns the address of a picture; one that is blank, with its path at the end, until its pack is loaded. */
  const addressOf = (path) => {
    const found = find(path);
    return found ? write(path, found) : BLANK + path;
  };
  /** Returns the address of a picture when it is loaded. */
  const resolve = async (source) => {
    if (!source.startsWith(BLANK)) return source;
    const path = source.slice(BLANK.length);
    const found = await open(path).catch(() => null);
    return found ? write(path, found) : source;
  };
  const NAMES = ['src', 'href'];
  const fill = (element) =>
    NAMES.forEach(async (name) => {
      const source = element.getAttribute(name);
      if (!source || !source.startsWith(BLANK)) return;
      const picture = await resolve(source);
      if (picture !== source && element.getAttribute(name) === source) element.setAttribute(name, picture);
    });
  const watcher = new MutationObserver((changes) =>
    changes.forEach(({type, target, addedNodes}) => {
      if (type === 'attributes') fill(target);
      addedNodes.forEach((node) => {
        if (node.nodeType !== Node.ELEMENT_NODE) return;
        fill(node);
        node.querySelectorAll('img, image, a').forEach(fill);
      });
    }),
  );
  watcher.observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: NAMES});

  const listPacks = () => [...packs.keys()];
  const site = {address, receive, readPayload, addressOf, resolve, listPacks, most: 64 * 2 ** 20}; /* `most`: characters of packs that are kept */
  return site;
})();
