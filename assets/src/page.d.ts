/* What the modules of the page take for given beyond the standard library of the browser. */
declare module '*.css';
interface Window {
  Plotly: any;
  dash_clientside: any;
  summitDash: any;
  summitStatic: any;
}
interface Element {
  dataset: DOMStringMap;
  disabled: boolean;
  hidden: any;
  value: string;
  focus(options?: FocusOptions): void;
}
interface EventTarget {
  id: string;
  closest(selector: string): any;
  matches(selector: string): boolean;
}
