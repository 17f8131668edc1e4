// @ts-check
/* The label of a channel: a field to write it in, and below it the words that the classes that use it most share. A
   suggestion is no label: a click puts it into the field, and Enter saves it, as it would save a typed one. */
import {h} from '../dom.js';
import {channelId, count} from '../format.js';
import {labels} from '../labels.js';

const inputOf = (field) => field.querySelector('input');
const lineOf = (field) => field.querySelector('.label-suggestion');

// --- suggestion ---------------------------------------------------------------------------------------------------
/** How many of the classes have the word, or one of the words. */
export const tellSuggestion = ({words, n_sharing: sharing, n_top: top}) =>
  `${words.length > 1 ? 'One of these words is in the names or groups of' : 'Shared by'} ${count(sharing)} of the ${count(top)} classes that use this channel most.`;
const setTaken = (field, taken) => {
  field.taken = taken;
  field.querySelector('.label-hint').textContent = taken ? 'Enter saves it, Esc leaves it.' : '';
};
const take = (field) => {
  const input = inputOf(field);
  input.value = field.suggestion.label;
  setTaken(field, true);
  hideUnlessEmpty(field);
  input.focus();
  input.select();
};
const hideUnlessEmpty = (field) => (lineOf(field).hidden = !field.suggestion || inputOf(field).value.trim() !== '');
const drawSuggestion = (field) => {
  const {suggestion} = field;
  if (suggestion) {
    const tip = {class: 'suggestion', 'data-tip': tellSuggestion(suggestion)};
    const text = ['Suggested: ', h('b', {}, suggestion.label)];
    const canEdit = !inputOf(field).readOnly;
    lineOf(field).replaceChildren(
      canEdit ? h('button', {...tip, type: 'button', onclick: () => take(field)}, text) : h('span', {...tip, tabindex: 0}, text),
    );
  }
  hideUnlessEmpty(field);
};

// --- label --------------------------------------------------------------------------------------------------------
export const labelField = ({layer, channel}) => {
  const state = h('p', {class: 'label-state', role: 'status'});
  const save = async () => {
    const wanted = input.value.trim();
    if (wanted === labels.of(layer, channel)) return;
    const problem = await labels.save(layer, channel, wanted);
    state.textContent = problem ? `Not saved. ${problem.found} ${problem.rule} ${problem.fix}` : '';
  };
  const keys = (event) => {
    if (event.key === 'Escape') input.value = labels.of(layer, channel);
    if (event.key === 'Enter' && field.taken) {
      setTaken(field, false);
      save(); /* no change event: a script wrote what stands there */
    }
    if (event.key === 'Escape' || event.key === 'Enter') input.blur();
  };
  const typed = () => {
    setTaken(field, false);
    hideUnlessEmpty(field);
  };
  const left = () => {
    if (field.taken) input.value = labels.of(layer, channel);
    typed();
  };
  const names = {class: 'label-input', maxlength: 80, placeholder: 'Add a label', autocomplete: 'off'};
  const hears = {onchange: () => field.taken || save(), oninput: typed, onkeydown: keys, onblur: left};
  const input = h('input', {...names, 'aria-label': `Label of ${channelId(layer, channel)}`, ...hears});
  const line = h('p', {class: 'label-suggestion', hidden: true});
  const hint = h('p', {class: 'label-hint', role: 'status'});
  const field = h('div', {class: 'label-field', 'data-layer': layer, 'data-channel': channel}, input, line, hint, state);
  return field;
};
/** Puts the label into the field of a panel, unless a person is writing there; a suggestion where there is none. */
export const showLabel = (panel) => {
  const field = panel.querySelector('.label-field');
  if (!field) return;
  const input = inputOf(field);
  const label = labels.of(field.dataset.layer, field.dataset.channel);
  const problem = labels.problem();
  if (document.activeElement !== input) input.value = label;
  input.readOnly = !labels.canEdit();
  input.hidden = input.readOnly && !label;
  if (problem) field.querySelector('.label-state').textContent = `${problem.found} ${problem.fix}`;
  drawSuggestion(field);
  field.hidden = input.hidden && lineOf(field).hidden && !problem;
};
/** Shows what the payload of a channel suggests; null for nothing. */
export const suggestLabel = (panel, suggestion) => {
  panel.querySelector('.label-field').suggestion = suggestion;
  showLabel(panel);
};
