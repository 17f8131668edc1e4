// @ts-check
/* The runs that are served, as objects: read once each, one of them shown. */
import * as current from './current.js';
import {boot, forget, isServed, load, runOf} from './data.js';
import {fuzzy} from './model/fuzzy.js';

const runs = new Map();

/** Classes by their full names; of several of one name none. */
const byName = (classes) => classes.reduce((names, each) => names.set(each.full, names.has(each.full) ? null : each), new Map());

/** The overview with its classes and layers as objects, looked up by id and by name. */
const buildRun = (overview) => {
  const columns = Object.entries(overview.classes);
  const classes = overview.classes.id.map((id, place) =>
    Object.fromEntries([['place', place], ...columns.map(([name, values]) => [name, values[place]])]),
  );
  const layers = overview.layers.map((layer, place) => ({...layer, place}));
  return {
    ...overview,
    classes,
    layers,
    classByName: byName(classes),
    classById: new Map(classes.map((each) => [each.id, each])),
    layerByName: new Map(layers.map((each) => [each.layer, each])),
  };
};

const indices = new WeakMap();
/** Returns what the classes of a run are searched in (model/fuzzy.js); built once. */
export const buildIndex = (run) => {
  if (!indices.has(run)) indices.set(run, fuzzy.buildIndex(run.classes, run.groups ? run.groups.names : []));
  return indices.get(run);
};

const NONE = {
  rule: 'A dashboard shows a run.',
  found: 'None is there now.',
  fix: 'Put one into the folder that is served: it appears here.',
};
/** Brings the list of runs to what is served now. The shown one stays what it was when the page was opened: its numbers must
    not be mixed with those of a run that took its place. Returns true where the list is another one. */
export const refreshRuns = async () => {
  if (!isServed) return false;
  const answer = await fetch(`${boot.prefix}runs.json`).catch(() => null);
  if (!answer || !answer.ok) return false;
  const {runs: found} = await answer.json();
  const shown = current.run && boot.runs.find(({name}) => name === current.run.name);
  const isOther = (each) => each.name === shown?.name && each.version.slice(0, 5) !== shown.version.slice(0, 5);
  const next = found.map((each) => (isOther(each) ? shown : each));
  if (shown && !next.some(({name}) => name === shown.name)) next.push(shown);
  if (JSON.stringify(next) === JSON.stringify(boot.runs)) return false;
  boot.runs
    .filter((before) => before !== shown && !next.some(({name, version}) => name === before.name && version === before.version))
    .forEach(({name}) => {
      forget(name);
      runs.delete(name);
    });
  boot.runs.splice(0, boot.runs.length, ...next);
  if (!current.run) window.location.reload();
  return true;
};

/** Reads a run that is served, the first where none has the name; returns it, or what holds the `problem`. */
export const readRun = async (name) => {
  if (!boot.runs.length) return {problem: NONE};
  const {name: found} = runOf(name);
  if (!runs.has(found)) {
    const overview = await load('run', found);
    if (overview.problem) return overview;
    if (!runs.has(found)) runs.set(found, buildRun(overview)); /* two may wait for it: the second finds what the first has built */
  }
  return runs.get(found);
};

/** Makes a run the one that is shown. */
export const openRun = async (name) => {
  const opened = await readRun(name);
  if (opened.problem) return opened;
  const isOther = current.run !== opened;
  current.setRun(opened);
  if (isOther) document.dispatchEvent(new CustomEvent('summit-run'));
  return current.run;
};
