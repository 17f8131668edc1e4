/* Temporary: the page's old object as modules. */
const p = () => window.summitDash;
export const run = () => p().run;
export const selection = () => p().selection;
export const boot = () => p().boot;
for (const x of []) x;
const f = (name) => (...args) => p()[name](...args);
export const h = f('h'), icon = f('icon'), action = f('action'), term = f('term'), emptyState = f('emptyState');
export const count = f('count'), percent = f('percent'), plural = f('plural'), of = f('of'), channelId = f('channelId'), accuracyTip = f('accuracyTip');
export const load = f('load'), readRun = f('readRun'), picture = f('picture'), loadPictures = f('loadPictures'), visualization = f('visualization'), example = f('example');
export const dispatch = f('dispatch'), view = f('view'), changed = f('changed'), reducedMotion = f('reducedMotion'), color = f('color');
export const isStatic = () => Boolean(p().readStatic);
export const labelOf = (layer, channel) => p().labels.of(layer, channel);
export const tellSuggestion = (s) => p().channelParts.tellSuggestion(s);
export const toggleClassPanel = f('toggleClassPanel');
export const noAccuracy = () => p().NO_ACCURACY;
export const fuzzy = {buildIndex: (...a) => p().model.fuzzy.buildIndex(...a), search: (...a) => p().model.fuzzy.search(...a)};
