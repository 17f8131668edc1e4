// @ts-check
/* The entry of the page's scripts: styles, views in the order in which they are shown, and what Dash calls. */
import './base.css';
import './layout.css';
import './main.css';
import './views/about.css';
import './views/channel_panel.css';
import './views/channels.css';
import './views/class_panel.css';
import './views/class_surprising.css';
import './views/compare.css';
import './views/confusions.css';
import './views/embedding.css';
import './views/graph.css';
import './views/images.css';
import './views/ablation.css';
import './views/palette.css';
import './views/proof.css';
import './views/sidebar.css';
import './views/transfer.css';
import './labels.js';
import './shell.js';
import './keyboard.js';
import './left.js';
import './resize.js';
import './skip.js';
import './views/about.js';
import './views/channel_panel.js';
import './views/channel_wall.js';
import './views/channels.js';
import './views/class_panel.js';
import './views/embedding.js';
import './views/embedding_colors.js';
import './views/embedding_plot.js';
import './views/palette.js';
import './views/proof.js';
import './views/sidebar.js';
import './views/transfer.js';
import {askAgain, want} from './asking.js';
import * as current from './current.js';
import {load} from './data.js';
import {labels} from './labels.js';
import {connected} from './model/graph.js';
import {bringAhead, dispatch, start} from './selection.js';
import {showAll} from './views.js';
import {at} from './views/embedding.js';
import {emb} from './views/embedding_state.js';
import {canvas} from './views/cytoscape.js';
import {drawConfusions} from './views/confusions.js';
import './views/graph.js';
import {fadeMaps, openProbed, probeChannel, showUpload, showImageRows} from './views/images.js';
import {getScene} from './views/graph_scene.js';
import {markRow} from './views/sidebar_cursor.js';
import * as list from './views/sidebar_state.js';

window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.summit = {
  start,
  show: showAll,
  drawConfusions,
  showImageRows,
  want,
  askAgain,
  showUpload,
  fadeMaps,
  openProbed,
  probeChannel,
};
/* For people at the console and for tests. */
window.summitDash = Object.freeze({
  get run() {
    return current.run;
  },
  get selection() {
    return current.selection;
  },
  dispatch,
  load,
  labels,
  list: {
    get state() {
      return list.state;
    },
  },
  graph: {canvas, getScene, connected},
  markRow,
  embedding: {
    at,
    get plot() {
      return emb.plot;
    },
  },
});
bringAhead();
