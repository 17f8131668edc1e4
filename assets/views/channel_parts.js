/* Small parts of the channel panel: pictures, rows of a ranking, skeletons. */
(function () {
  const page = window.summitDash;
  const {h} = page;
  const parts = (page.channelParts = page.channelParts || {});
  const EXAMPLE = 2; /* payloads/of_class.py: a dataset example stands for the channel */

  parts.skeleton = (className) => h('div', {class: `skeleton ${className}`, 'aria-hidden': 'true'});
  parts.skeletonRows = (n, className) => h('div', {class: 'rows'}, Array.from({length: n}, () => parts.skeleton(className)));
  parts.heading = (title, tip, ...after) => h('h3', {}, h('span', {class: 'heading-words'}, page.term(title, tip)), ...after);
  parts.muted = (text) => h('p', {class: 'muted none'}, text);
  parts.figure = (value) => Number(value.toPrecision(3)).toLocaleString('en', {maximumSignificantDigits: 3});
  parts.channelPicture = (layer, channel, kind, className) => {
    if (!kind) return h('span', {class: `${className} picture bare`, 'data-tip': 'No picture in this run'});
    const mark = kind === EXAMPLE ? ' example' : '';
    return h('span', {class: `${className} picture${mark}`}, h('img', {src: page.picture(layer, channel), alt: '', decoding: 'async'}));
  };
  /** A line of a ranking: picture, name, a bar for the fraction, the number. A click follows it. */
  parts.barRow = ({picture, name, value, fraction, action, tip}) =>
    page.action(
      action,
      {class: 'bar-row', 'data-tip': tip},
      picture,
      h(
        'span',
        {class: 'row-body'},
        h('span', {class: 'row-name'}, name),
        h('span', {class: 'row-value'}, value),
        h('span', {class: 'bar'}, h('span', {style: `width:${(100 * Math.min(1, fraction)).toFixed(1)}%`})),
      ),
    );
  parts.problemLine = ({rule, found, fix}) => h('div', {class: 'panel-problem', role: 'status'}, h('p', {}, found), h('p', {class: 'muted'}, `${rule} ${fix}`));
})();
