// @ts-check
/* The entry of the page's scripts: styles, views in the order in which they are shown, and what Dash calls. */
import './base.css';
import './layout.css';
import './main.css';
import './views/about.css';
import './views/channel_panel.css';
import './views/channels.css';
import './views/class_panel.css';
import './views/compare.css';
import './views/embedding.css';
import './views/graph.css';
import './views/palette.css';
import './views/sidebar.css';
import './labels.js';
import './shell.js';
import './keyboard.js';
import './left.js';
import './skip.js';
import './views/about.js';
import './views/channel_panel.js';
import './views/channel_wall.js';
import './views/channels.js';
import './views/class_panel.js';
import './views/embedding.js';
import './views/embedding_colors.js';
import './views/embedding_draw.js';
import './views/embedding_pointer.js';
import './views/graph.js';
import './views/graph_canvas.js';
import './views/graph_card.js';
import './views/graph_export.js';
import './views/graph_hover.js';
import './views/graph_keys.js';
import './views/graph_picker.js';
import './views/graph_viewport.js';
import './views/palette.js';
import './views/sidebar.js';
import * as current from './current.js';
import {address, load} from './data.js';
import {labels} from './labels.js';
import {connected} from './model/graph.js';
import {openRun} from './runs.js';
import {dispatch, start} from './selection.js';
import {showAll} from './views.js';
import {at} from './views/embedding.js';
import {emb} from './views/embedding_state.js';
import {isShown} from './views/graph_canvas.js';
import {graph} from './views/graph_state.js';
import {stageSize, toScreen} from './views/graph_viewport.js';
import {markRow} from './views/sidebar_cursor.js';
import * as list from './views/sidebar_state.js';

window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.summit = {start, show: showAll};
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
  graph,
  graphParts: {connected, isShown, stageSize, toScreen},
  markRow,
  embedding: {
    at,
    get plot() {
      return emb.plot;
    },
  },
});
/* Asked for at once, while Dash is still being read. */
openRun(new URLSearchParams(address.read()).get('run'));
