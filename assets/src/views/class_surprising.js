// @ts-check
/* The surprising channels of a class: why they are, with examples of the class and of others. */
import * as current from '../current.js';
import {action, h} from '../dom.js';
import {channelId, of, plural} from '../format.js';
import {labels} from '../labels.js';
import {exampleImage} from '../pictures.js';
import {showFew} from '../widgets/show_all.js';
import {heading, muted, problemLine} from './channel_parts.js';

const SHOWN = 3;
const ALL = 'all'; /* in the address of an example over all classes */
const TIP =
  'Channels that the class uses and its nearest classes do not, beyond chance (odd among its kin), or that images of other groups excite most (foreign). Strongest first.';

// --- the two sides ------------------------------------------------------------------------------------------------
const image = (each, owner) => {
  const {name} = current.run.classById.get(each.class_id);
  return h('span', {class: 'picture', role: 'img', 'aria-label': `Example of ${name}`, 'data-tip': name}, exampleImage(each, owner));
};
const side = (caption, examples, owner, none) =>
  h(
    'figure',
    {class: 'surprise-side'},
    h('figcaption', {'data-tip': caption}, caption),
    examples.length
      ? h(
          'div',
          {class: 'surprise-pictures'},
          examples.map((each) => image(each, owner)),
        )
      : muted(none),
  );
/** The names of the classes of some examples, each once. */
const names = (examples) => [...new Set(examples.map((each) => current.run.classById.get(each.class_id).name))].join(', ');

// --- one channel --------------------------------------------------------------------------------------------------
/** A sentence whose first words, up to the colon, name the signal. */
const reason = (text) => {
  const end = text.indexOf(':') + 1;
  return h('p', {class: 'surprise-reason'}, h('b', {}, text.slice(0, end)), text.slice(end).replaceAll(' %', '\u00a0%'));
};
const entry = (info, each) => {
  const {layer, channel, signals, own, others} = each;
  const id = channelId(layer, channel);
  const label = labels.nameOf(layer, channel);
  const sides = h(
    'div',
    {class: 'surprise-sides'},
    side(info.name, own, info.id, 'No example of the class.'),
    side(others.length ? `Others: ${names(others)}` : 'Others', others, ALL, 'No best example of another class.'),
  );
  return h(
    'li',
    {class: `surprise${signals.length > 1 ? ' strong' : ''}`, 'data-channel': id},
    action({layer, channel}, {class: 'surprise-open', 'data-tip': 'Open the channel'}, id, label && h('span', {class: 'row-label'}, label)),
    own.length + others.length > 0 && sides,
    each.reasons.map(reason),
  );
};

// --- the section --------------------------------------------------------------------------------------------------
export const surprising = (info, found) => {
  const {channels, n_channels: n, n_surprising: all, notes, problem} = found;
  const top = heading(
    {title: 'Surprising channels', entry: 'surprising-channel'},
    TIP,
    all > 0 && h('span', {class: 'n'}, `${of(all, n)} channels`),
  );
  if (problem) return [top, problemLine(problem)];
  const said = notes.map((text) => muted(text));
  if (!all) return [top, muted(n ? `None of the ${plural(n, 'channel')} of its graph.` : 'None: its graph has no channels.'), ...said];
  const entries = channels.map((each) => entry(info, each));
  const shown = showFew(h('ol', {class: 'surprising'}), entries, SHOWN, `Show ${entries.length - SHOWN} more`);
  const left = all - channels.length;
  const beyond = left > 0 && muted(`${plural(left, 'weaker one')} more in the graph.`);
  return [top, ...shown, beyond, ...said];
};
