// @ts-check
/* Labels that people give to channels. They are saved beside the run, shared by all who open it, and read fresh:
   `summit-labels` on document tells that they came or changed. A static site shows them and saves none. */
import * as current from './current.js';
import {boot, readStatic} from './data.js';

const NONE = {labels: {}, editable: false, problem: null};
let held = NONE; /* of the run that is shown: layer -> channel -> label */
let asked = 0;

const base = (run) => `${boot.prefix}run/${encodeURIComponent(run)}/`;
const tell = () => document.dispatchEvent(new CustomEvent('summit-labels'));
const read = async (run) => {
  if (readStatic)
    return {
      ...(await readStatic(
        boot.runs.find((each) => each.name === run),
        'labels',
      )),
      editable: false,
    };
  return (await fetch(`${base(run)}data/labels.json`, {cache: 'no-store'})).json();
};
/** Reads the labels of the run that is shown. */
const refresh = async () => {
  const ask = ++asked;
  if (!current.showsRun()) return;
  const found = await read(current.run.name).catch(() => NONE);
  if (ask !== asked) return;
  held = {...NONE, ...found};
  tell();
};
const send = async (run, body) => {
  const answer = await fetch(`${base(run)}labels`, {
    method: 'POST',
    headers: {'Content-Type': 'application/json', 'X-Summit-Dash': 'labels'},
    body: JSON.stringify(body),
  });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok && !said.problem) throw new Error(String(answer.status));
  return said.problem || null;
};
const unreachable = (failure) => ({
  rule: 'Labels are saved by the server.',
  found: `It did not answer (${failure.message}).`,
  fix: 'Start it again, then try once more.',
});
/** The name of the output that a channel is, where its layer holds the outputs of the model; or ''. */
export const outputOf = (layer, channel) => {
  const {outputs = null} = current.run.layerByName.get(layer) || {};
  return (outputs && outputs[channel]) || '';
};
const cell = (text) => `"${String(text).replaceAll('"', '""')}"`;

export const labels = {
  /** The label of a channel, or ''. */
  of: (layer, channel) => (held.labels[layer] || {})[channel] || '',
  /** What a channel is called: its label, else the class that it is the output of, or ''. */
  nameOf: (layer, channel) => labels.of(layer, channel) || outputOf(layer, channel),
  /** Whether this page may save labels. */
  canEdit: () => held.editable,
  /** What is wrong with the file of labels, or null. */
  problem: () => held.problem,
  /** All labels as {layer, channel, label}, by layer and channel. */
  all: () =>
    current.run.layers.flatMap(({layer}) =>
      Object.entries(held.labels[layer] || {})
        .map(([channel, label]) => ({layer, channel: Number(channel), label}))
        .sort((a, b) => a.channel - b.channel),
    ),
  /** Saves a label, an empty one removes it; returns null, or what is wrong. */
  save: async (layer, channel, label) => {
    const problem = await send(current.run.name, {layer, channel, label}).catch(unreachable);
    if (!problem) await refresh();
    return problem;
  },
  toJson: (entries) => `${JSON.stringify(entries, null, 2)}\n`,
  toCsv: (entries) =>
    ['layer,channel,label', ...entries.map((each) => [cell(each.layer), each.channel, cell(each.label)].join(','))].join('\r\n') + '\r\n',
};
const start = () => {
  held = NONE;
  refresh();
};
document.addEventListener('summit-run', start);
if (current.run) start();
