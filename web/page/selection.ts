// A list of images that was chosen by hand: kept in this browser tab under a short name that fits the address bar.

const PREFIX = "lookalike-selection-";
const KEPT = 20;

/** Keeps a list of ids; returns the name it has. The same list has the same name. */
export function keepSelection(ids: readonly string[]): string {
  const text = JSON.stringify(ids);
  const name = `${ids.length}-${hash(text)}`;
  const kept = Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
  if (kept.length >= KEPT) kept.slice(0, kept.length - KEPT + 1).forEach((key) => sessionStorage.removeItem(key));
  sessionStorage.setItem(PREFIX + name, text);
  return name;
}

/** The ids of a kept list; null where this tab has none of that name. */
export function selection(name: string): string[] | null {
  const text = sessionStorage.getItem(PREFIX + name);
  return text === null ? null : (JSON.parse(text) as string[]);
}

/** FNV-1a, 32 bits, in base 36. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0).toString(36);
}
