// The side of the page: the legend of the column that colours the points, and what is selected.

import { css, type Colour, type Kinds } from "../../shared/colours";
import type { MapData } from "./data";

const LISTED = 500;
const number = (value: number) => value.toLocaleString("en");

export interface Panel {
  count: HTMLElement;
  list: HTMLElement;
  buttons: HTMLButtonElement[];
}

export function element<K extends keyof HTMLElementTagNameMap>(name: K, className = "", text?: string): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Buttons for the kinds of a column; a click hides or shows one, a double click shows it alone. */
export function drawLegend(box: HTMLElement, column: Kinds, colours: readonly Colour[], counts: number[], hidden: Set<number>, changed: (kind: number, alone: boolean) => void): void {
  box.replaceChildren();
  column.names.forEach((name, kind) => {
    const button = element("button", "kind");
    const chip = element("span", "chip");
    chip.style.setProperty("--kind", css(colours[kind]));
    button.append(chip, element("bdi", "name", name), element("span", "number", number(counts[kind])));
    button.setAttribute("aria-pressed", String(!hidden.has(kind)));
    button.title = "Click: hide or show. Double click: only this.";
    button.addEventListener("click", () => changed(kind, false));
    button.addEventListener("dblclick", () => changed(kind, true));
    box.append(button);
  });
}

/** The selected rows as a list; `thumbnail(row, canvas)` draws one. */
export function drawSelection(panel: Panel, map: MapData, rows: number[], thumbnail: (row: number, canvas: HTMLCanvasElement) => void, entered: (row: number) => void): void {
  panel.count.textContent = rows.length ? `${number(rows.length)} selected` : "Nothing selected";
  for (const button of panel.buttons) button.disabled = rows.length === 0;
  panel.list.replaceChildren();
  for (const row of rows.slice(0, LISTED)) {
    const item = element("li");
    const canvas = element("canvas", "small");
    canvas.width = canvas.height = 40;
    thumbnail(row, canvas);
    const text = element("div", "about");
    text.append(element("bdi", "id", map.ids[row]));
    const label = map.labels[row];
    if (label !== null) text.append(element("span", "label", label));
    item.append(canvas, text);
    item.addEventListener("mouseenter", () => entered(row));
    item.addEventListener("mouseleave", () => entered(-1));
    panel.list.append(item);
  }
  if (rows.length > LISTED) panel.list.append(element("li", "more", `and ${number(rows.length - LISTED)} more, all copied`));
}

/** Puts a text where paste finds it, also where the page has no right to the clipboard. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = element("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}
