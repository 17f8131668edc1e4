// @ts-check
/** The graph as its modules share it: the elements of the pane, the drawing, the classes and graphs that it shows. */
export const graph = {frame: null, scene: null, context: null};
