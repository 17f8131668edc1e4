// @ts-check
/* The course of a training in words and lines. Pure. */
import {percent} from '../format.js';

/** The epochs of each training one after the other: of every fold, then of the head that is saved. */
export const splitTrainings = (epochs) => {
  const trainings = [];
  epochs.forEach((each) => {
    if (each.epoch === 1 || !trainings.length) trainings.push([]);
    trainings[trainings.length - 1].push(each);
  });
  return trainings;
};

const nameHead = ({cut, head}) => `${head.kind} on ${cut}${head.n_unfrozen ? `, ${head.n_unfrozen} layers trained` : ''}`;
/** A sentence on the state of a training. */
export const describeTraining = (state, nFolds) => {
  const name = nameHead(state);
  if (state.state === 'waiting') return `${name}: waits; ${state.waits - 1} before it.`;
  if (state.state === 'done') return `${name}: trained and saved.`;
  if (state.state === 'cancelled') {
    const saved = `The best head so far is ${state.is_over ? '' : 'being '}saved.`;
    return `${name}: cancelled. ${state.epochs.length ? saved : 'No epoch was done.'}`;
  }
  const last = state.epochs[state.epochs.length - 1];
  if (!last) return `${name}: begins.`;
  const which = last.fold === null ? 'on all images' : `fold ${last.fold + 1} of ${nFolds}`;
  return `${name}: ${which}, epoch ${last.epoch}, loss ${last.loss.toFixed(3)}, accuracy ${percent(last.accuracy)} on the part that ends the training.`;
};
