/* A static site: payloads are scripts beside the page, because a page opened from a file may not fetch; and what Dash
   does for the served page, in a few lines. Read before the bundle of the page, which takes `summitStatic` in its place of fetching. */
window.summitStatic = (() => {
  const asked = new Map();
  const received = new Map();

  const address = {
    read: () => window.location.hash.replace(/^#/, ''),
    of: (query) => `#${query}`,
  };

  /** Called by the scripts of the payloads. */
  const receive = (run, key, payload) => received.set(`${run} ${key}`, payload);
  const fileOf = (key) => key.replace(/^(class\/\d+)\/.*/, '$1/more');
  const read = (source) => {
    if (!asked.has(source)) {
      asked.set(
        source,
        new Promise((resolve, reject) => {
          const script = document.createElement('script');
          script.src = source;
          script.onload = () => resolve(script.remove());
          script.onerror = () => reject(new Error(`${source} is not there`));
          document.head.appendChild(script);
        }),
      );
    }
    return asked.get(source);
  };
  const readPayload = async (run, key) => {
    const address = `${run.name} ${key}`;
    if (!received.has(address)) await read(encodeURI(`run/${run.name}/data/${fileOf(key)}.js`));
    return received.get(address) || {
      problem: {
        rule: 'A static site holds the channels of its attribution graphs.',
        found: `It has nothing for ${key}.`,
        fix: 'Open the run itself with `summit-dash serve`.',
      },
    };
  };

  /* Components of other libraries: React draws them, and their properties change as under Dash. */
  const mounted = new Map();
  const mount = (place) => {
    const [library, type] = place.dataset.component.split('.');
    const root = window.ReactDOM.createRoot(place);
    let props = JSON.parse(place.dataset.props);
    const keep = (changes) => (props = {...props, ...changes});
    const draw = (changes) => {
      keep(changes);
      window.ReactDOM.flushSync(() => root.render(window.React.createElement(window[library][type], {...props, setProps: keep})));
    };
    mounted.set(props.id, draw);
    draw({});
  };
  const callbacks = JSON.parse(document.getElementById('callbacks').textContent);
  const noUpdate = {description: 'Return to prevent updating an Output.'};
  const run = async ({function: name, outputs}, data) => {
    const values = await window.dash_clientside.summit[name](data);
    const changes = new Map();
    outputs.forEach(([id, property], place) => {
      if (values[place] !== noUpdate) changes.set(id, {...changes.get(id), [property]: values[place]});
    });
    changes.forEach((props, id) => mounted.get(id)(props));
  };
  const setProps = (id, props) => {
    if (mounted.has(id)) return mounted.get(id)(props);
    window.dash_clientside.summit.show(props.data);
    callbacks.forEach((callback) => run(callback, props.data));
  };
  window.dash_clientside = {set_props: setProps, no_update: noUpdate};
  document.addEventListener('DOMContentLoaded', () => {
    document.querySelectorAll('[data-component]').forEach(mount);
    window.dash_clientside.summit.start();
  });
  return {address, receive, readPayload};
})();
