/** The element of an id, which the page has. */
export const byId = <T extends HTMLElement = HTMLElement>(id: string) => document.getElementById(id) as T;

/** A new element; text is only ever set as text. */
export function element<K extends keyof HTMLElementTagNameMap>(name: K, className = "", text?: string): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

export const number = (value: number) => value.toLocaleString("en");
export const images = (count: number) => `${number(count)} ${count === 1 ? "image" : "images"}`;
