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

  window.dash_clientside = {set_props: (id, {data}) => window.dash_clientside.summit.show(data)};
  document.addEventListener('DOMContentLoaded', () => window.dash_clientside.summit.start());
  return {address, receive, readPayload};
})();
