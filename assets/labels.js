/* Labels that people give to channels. They are saved beside the run, shared by all who open it, and read fresh:
   `summit-labels` on document tells that they came or changed. A static site shows them and saves none. */
(function () {
  const page = window.summitDash;
  const NONE = {labels: {}, editable: false, problem: null};
  let current = NONE; /* of the run that is shown: layer -> channel -> label */
  let asked = 0;

  const base = (run) => `${page.boot.prefix}run/${encodeURIComponent(run)}/`;
  const tell = () => document.dispatchEvent(new CustomEvent('summit-labels'));
  const read = async (run) => {
    if (page.readStatic) return {...(await page.readStatic(page.boot.runs.find((each) => each.name === run), 'labels')), editable: false};
    return (await fetch(`${base(run)}data/labels.json`, {cache: 'no-store'})).json();
  };
  /** Reads the labels of the run that is shown. */
  const refresh = async () => {
    const ask = ++asked;
    const found = await read(page.run.name).catch(() => NONE);
    if (ask !== asked) return;
    current = {...NONE, ...found};
    tell();
  };
  const send = async (run, body) => {
    const answer = await fetch(`${base(run)}labels`, {
      method: 'POST',
      headers: {'Content-Type': 'application/json', 'X-Summit-Dash': 'labels'},
      body: JSON.stringify(body),
    });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok && !said.problem) throw new Error(answer.status);
    return said.problem || null;
  };
  const unreachable = (failure) => ({
    rule: 'Labels are saved by the server.',
    found: `It did not answer (${failure.message}).`,
    fix: 'Start it again, then try once more.',
  });
  const cell = (text) => `"${String(text).replaceAll('"', '""')}"`;

  page.labels = {
    /** The label of a channel, or ''. */
    of: (layer, channel) => (current.labels[layer] || {})[channel] || '',
    /** Whether this page may save labels. */
    canEdit: () => current.editable,
    /** What is wrong with the file of labels, or null. */
    problem: () => current.problem,
    /** All labels as {layer, channel, label}, by layer and channel. */
    all: () =>
      page.run.layers.flatMap(({layer}) =>
        Object.entries(current.labels[layer] || {})
          .map(([channel, label]) => ({layer, channel: Number(channel), label}))
          .sort((a, b) => a.channel - b.channel),
      ),
    /** Saves a label, an empty one removes it; returns null, or what is wrong. */
    save: async (layer, channel, label) => {
      const problem = await send(page.run.name, {layer, channel, label}).catch(unreachable);
      if (!problem) await refresh();
      return problem;
    },
    toJson: (entries) => `${JSON.stringify(entries, null, 2)}\n`,
    toCsv: (entries) => ['layer,channel,label', ...entries.map((each) => [cell(each.layer), each.channel, cell(each.label)].join(','))].join('\r\n') + '\r\n',
  };
  const start = () => {
    current = NONE;
    refresh();
  };
  document.addEventListener('summit-run', start);
  if (page.run) start();
})();
