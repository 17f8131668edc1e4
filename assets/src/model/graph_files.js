// @ts-check
/* A drawing as rows of nodes and edges, and these as CSV, JSON and GraphML. Pure.

   The columns and the forms are those of the command `export --graph`; what is hidden on the screen is left out. */

const letters = (n) => (n === 1 ? [''] : ['_a', '_b']);

/** @type {(node: any, layers: string[], classes: any[]) => any} */
const ofNode = (node, layers, classes) => {
  const row = {id: node.id, layer: node.layer, layer_index: layers.indexOf(node.layer), channel: node.channel};
  if (classes.length > 1) row.part = node.part;
  /** @type {[string, (i: number) => any][]} */
  const columns = [
    ['activation_count', (i) => node.counts[i]],
    ['activation_fraction', (i) => (node.counts[i] === null || !classes[i].n ? null : node.counts[i] / classes[i].n)],
    ['pagerank_score', (i) => node.scores[i]],
  ];
  columns.forEach(([name, of]) => letters(classes.length).forEach((letter, i) => (row[name + letter] = of(i))));
  return row;
};
const ofEdge = (edge, ids, classes) => {
  const row = {source: ids.get(edge.source), target: ids.get(edge.target)};
  if (classes.length > 1) row.part = edge.part;
  const columns = [
    ['influence_count', edge.counts],
    ['mean_influence', edge.means],
  ];
  columns.forEach(([name, of]) => letters(classes.length).forEach((letter, i) => (row[name + letter] = of[i])));
  return row;
};
const ofClass = (each, run) => ({
  class_id: each.id,
  class_name: each.full,
  synset: each.synset || null,
  group: each.group === null || !run.groups ? null : run.groups.names[each.group],
  n_images: each.n,
  ...(each.run ? {run: each.run} : {}),
  top1_accuracy: each.top1,
  top5_accuracy: each.top5,
});
const ofGraph = (run, classes, {comparison, covers}) => ({
  run: run.name,
  model: run.facts.model,
  dataset: run.facts.dataset,
  influence: run.measures ? run.measures.name : null,
  layers: run.layers.map((layer, place) => ({
    layer: layer.layer,
    layer_index: place,
    n_channels: layer.n_channels,
    receptive_field: layer.receptive_field,
  })),
  classes: classes.map((each) => ofClass(each, run)),
  ...(comparison
    ? {
        parting_layer: comparison.parting,
        layer_comparisons: comparison.layers.map((each) => ({
          layer: each.layer,
          jaccard: each.jaccard,
          cosine: each.cosine,
          n_shared: each.shared,
          n_only_a: each.onlyA,
          n_only_b: each.onlyB,
        })),
      }
    : {covers}),
});
/** Rows in order: nodes by layer from the input, then channel; edges by their target, then source. Each channel once. */
export const graphTables = (run, classes, drawing, told) => {
  const once = (list) => [...new Map(list.map((each) => [each.id, each])).values()];
  const place = new Map(drawing.nodes.map((node) => [node.key, drawing.layers.indexOf(node.layer) * 1e6 + node.channel]));
  const ids = new Map(drawing.nodes.map((node) => [node.key, node.id]));
  const nodes = once(drawing.nodes).sort((a, b) => place.get(a.key) - place.get(b.key));
  const edges = once(drawing.edges).sort((a, b) => place.get(a.target) - place.get(b.target) || place.get(a.source) - place.get(b.source));
  return {
    graph: ofGraph(run, classes, told),
    nodes: nodes.map((node) => ofNode(node, drawing.layers, classes)),
    edges: edges.map((edge) => ofEdge(edge, ids, classes)),
  };
};

/** The node-link form: what `networkx.node_link_graph(data, edges="edges")` takes. */
export const toJson = (tables) =>
  `${JSON.stringify({format: 'summit-dash attribution graph', format_version: 1, directed: true, multigraph: false, ...tables}, null, 1)}\n`;
const cell = (value) => {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
/** A header and a line per row; what does not exist is empty. */
export const toCsv = (rows) => {
  const columns = rows.length ? Object.keys(rows[0]) : [];
  return [columns, ...rows.map((row) => columns.map((name) => row[name]))].map((line) => `${line.map(cell).join(',')}\n`).join('');
};

const NAMESPACE = 'http://graphml.graphdrawing.org/xmlns';
const ENDS = ['id', 'source', 'target'];
const ESCAPES = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;'};
const escape = (text) => String(text).replace(/[&<>"]/g, (sign) => ESCAPES[sign]);
const flatten = ({layers, classes, ...graph}) => {
  const own = Object.entries(graph).filter(([, value]) => !Array.isArray(value));
  const facts = classes.flatMap((each, i) => Object.entries(each).map(([name, value]) => [name + letters(classes.length)[i], value]));
  return Object.fromEntries([...own, ['layers', layers.map((layer) => layer.layer).join(', ')], ...facts]);
};
const WHOLE = /(^|_)(count|index|id|channel|images)(_[ab])?$/;
const typeOf = (name, value) => (typeof value !== 'number' ? 'string' : WHOLE.test(name) ? 'long' : 'double');
const told = (row) => Object.entries(row).filter(([name, value]) => value !== null && value !== undefined && !ENDS.includes(name));
const keysOf = (domain, rows) => {
  const types = new Map(rows.flatMap((row) => told(row).map(([name, value]) => [name, typeOf(name, value)])));
  return [...types].map(([name, type]) => `  <key id="${domain}-${name}" for="${domain}" attr.name="${name}" attr.type="${type}"/>`);
};
const dataOf = (domain, row) =>
  told(row)
    .map(([name, value]) => `<data key="${domain}-${name}">${escape(value)}</data>`)
    .join('');
/** GraphML, which yEd, Gephi, Cytoscape and networkx read; a value that does not exist is left out. */
export const toGraphml = ({graph, nodes, edges}) => {
  const flat = flatten(graph);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<graphml xmlns="${NAMESPACE}">`,
    ...keysOf('graph', [flat]), ...keysOf('node', nodes), ...keysOf('edge', edges),
    '  <graph id="G" edgedefault="directed">', `    ${dataOf('graph', flat)}`,
    ...nodes.map((node) => `    <node id="${escape(node.id)}">${dataOf('node', node)}</node>`),
    ...edges.map((edge) => `    <edge source="${escape(edge.source)}" target="${escape(edge.target)}">${dataOf('edge', edge)}</edge>`),
    '  </graph>', '</graphml>', '',
  ].join('\n'); // prettier-ignore
};
/** "white-wolf-vs-red-fox": letters and digits of any script, joined by hyphens. */
export const fileName = (classes) =>
  classes
    .map(
      (each) =>
        `${each.name} ${each.mark || ''}`
          .toLowerCase()
          .replace(/[^\p{L}\p{N}_]+/gu, '-')
          .replace(/^[-_]+|[-_]+$/g, '')
          .slice(0, 80) || 'class',
    )
    .join('-vs-');
