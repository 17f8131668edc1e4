// @ts-check
/* What a link asks for that is not there, each with the rule. Pure; the views of a class or channel say themselves what they lack. */
import {selections} from './selection.js';

const {FIELDS} = selections;
const keyOf = (name) => FIELDS[name].key || name;
const KEYS = Object.keys(FIELDS).map(keyOf);
const FIELD_OF = Object.fromEntries(Object.entries(FIELDS).map(([name, field]) => [keyOf(name), field]));
const says = (key, value) => `The link says ${key}=${value}.`;
const fault = (key, value, rule, fix) => ({rule, found: says(key, value), fix});
const list = (names) => names.join(', ');

/** The rules of the fields of which any form can be wrong, and what is shown instead. */
const FORMS = {
  class: () => ['A class is a number or a name of this run.', 'Choose a class from the list.'],
  vs: () => ['The second class is a number or a name.', 'Choose it in the view Compare.'],
  channel: () => ['A channel is a number.', 'Choose a layer and a channel.'],
  also: () => ['Classes beside the two that are compared are numbers, with commas between them.', 'Choose them beside the comparison.'],
  only: () => ['Classes that the list is narrowed to are numbers such as 3-5.9.', 'All classes are listed.'],
  view: (views) => [`A view is one of ${list(views)}.`, 'Showing the graph.'],
};
const describeUnread = (key, value, views) => {
  if (FORMS[key]) return fault(key, value, ...FORMS[key](views));
  const field = FIELD_OF[key];
  if (!field) return fault(key, value, `A link holds ${list(KEYS)}.`, 'This part of it is left out.');
  const rule = field.names ? `It is one of ${list(field.names)}.` : 'It is a whole number of per cent.';
  return fault(key, value, rule, `Showing ${field.none}.`);
};
/** What the graph or the panel says in its own place. */
const isSaidElsewhere = (key, {view, unread, channel_layer: own}) =>
  (key === 'class' && isGraph(view)) ||
  (key === 'vs' && view === 'compare') ||
  ((key === 'channel' || (key === 'layer' && own !== null && own === unread.layer)) && hasPanel(view));
const hasPanel = (view) => isGraph(view) || view === 'channels' || view === 'images';
const isGraph = (view) => view === 'graph' || view === 'compare';

const findUnread = (selection, views) =>
  Object.entries(selection.unread)
    .filter(([key]) => key !== 'layer' && !isSaidElsewhere(key, selection))
    .map(([key, value]) => describeUnread(key, value, views));
const findRun = ({run: name}, run, runs) =>
  name && !runs.includes(name)
    ? {rule: 'A link names a run that is served.', found: `This one names “${name}”; served: ${list(runs)}.`, fix: `Showing ${run.name}.`}
    : null;
const findClass = ({class_id: id, view}, run) =>
  id !== null && !isGraph(view) && !run.classById.has(id)
    ? fault('class', id, 'A class is a number or a name of this run.', 'Choose a class from the list.')
    : null;
const findSecond = ({class_id: id, vs, vs_run: theirs, view}, run) => {
  if (vs === null || theirs || view === 'compare') return null;
  if (vs === id) return fault('vs', vs, 'A comparison takes two different classes.', 'Showing the first one alone.');
  return run.classById.has(vs)
    ? null
    : fault('vs', vs, 'The second class is a number or a name of this run.', 'Showing the first one alone.');
};
const namesLayers = (run) => `one of ${list(run.layers.map(({layer}) => layer))}`;
const findLayer = ({layer, unread}, run) =>
  'layer' in unread ? fault('layer', unread.layer, `A layer is ${namesLayers(run)}.`, `Showing ${layer}.`) : null;
const findExpand = ({expand}, run) => {
  const unknown = expand.filter((layer) => !run.layerByName.has(layer));
  return unknown.length
    ? fault('expand', list(unknown), `A layer with more channels is ${namesLayers(run)}.`, 'These layers stay as they are.')
    : null;
};
const isChannel = (id, {layerByName}) => {
  const cut = id.lastIndexOf('-');
  const layer = layerByName.get(id.slice(0, cut));
  return Boolean(layer) && /^\d{1,9}$/.test(id.slice(cut + 1)) && Number(id.slice(cut + 1)) < layer.n_channels;
};
const findPins = ({pins}, run) => {
  const unknown = pins.filter((id) => !isChannel(id, run));
  const {layer, n_channels: n} = run.layers[run.layers.length - 1] || {layer: 'layer', n_channels: 1};
  const rule = `A pin is a layer of this run and the number of a channel, such as ${layer}-${n - 1}.`;
  return unknown.length ? fault('pins', list(unknown), rule, 'Unpin it above the graph.') : null;
};

/** Lists what a selection asks for that is not there, as {rule, found, fix}.
    `runs` names the runs that are served, `views` the tabs of the page. */
export const findFaults = (selection, run, runs, views) => [
  ...[findRun(selection, run, runs), findClass(selection, run), findSecond(selection, run)].filter(Boolean),
  ...[isSaidElsewhere('layer', selection) ? null : findLayer(selection, run), findExpand(selection, run), findPins(selection, run)].filter(
    Boolean,
  ),
  ...findUnread(selection, views),
];
