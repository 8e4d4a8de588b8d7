// The address bar: `#/view?fields`. It alone says what is shown, so back, reload and a shared link work.

import { VIEWS, type ViewName } from "./views";

export interface Address {
  view: ViewName;
  fields: URLSearchParams;
}

function read(): Address {
  const [path, query] = split(location.hash.replace(/^#\/?/, ""));
  return { view: path in VIEWS ? (path as ViewName) : "search", fields: new URLSearchParams(query) };
}

function split(text: string): [string, string] {
  const at = text.indexOf("?");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

let now = $state.raw(read());
let returned = false;
history.scrollRestoration = "manual";
addEventListener("popstate", () => {
  returned = true;
  now = read();
});
addEventListener("click", (event) => {
  const link = (event.target as Element).closest<HTMLAnchorElement>("a[href^='#/']");
  const elsewhere = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  if (!link || elsewhere || event.defaultPrevented) return;
  event.preventDefault();
  follow(link.hash, false);
});

function follow(link: string, replace: boolean): void {
  if (link === location.hash) return;
  if (replace) history.replaceState(null, "", link);
  else history.pushState(null, "", link);
  returned = false;
  now = read();
}

/** What the address bar says; reactive. */
export const address = {
  get view(): ViewName {
    return now.view;
  },
  get fields(): URLSearchParams {
    return now.fields;
  },
  /** Whether the user came here by the browser's back or forward. */
  get returned(): boolean {
    return returned;
  },
};

/** The link to a view, for `href`. */
export function linkTo(view: ViewName, fields: URLSearchParams | Record<string, string> = {}): string {
  const query = String(new URLSearchParams(fields));
  return `#/${view}${query && `?${query}`}`;
}

/** Opens a view; with `replace` the step back leads past the present one. */
export function go(view: ViewName, fields: URLSearchParams | Record<string, string> = {}, replace = false): void {
  follow(linkTo(view, fields), replace);
}
