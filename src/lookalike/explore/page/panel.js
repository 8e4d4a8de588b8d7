// The side of the page: which column colours the points, its legend, and what is selected.

import { css } from "./colours.js";

const LISTED = 500;

export function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Buttons for the kinds of a column; a click hides or shows one, a double click shows it alone. */
export function drawLegend(box, column, colours, counts, hidden, changed) {
  box.replaceChildren();
  column.names.forEach((name, kind) => {
    const button = element("button", "kind");
    const chip = element("span", "chip");
    chip.style.setProperty("--kind", css(colours[kind]));
    button.append(chip, element("bdi", "name", name), element("span", "number", counts[kind].toLocaleString("en")));
    button.setAttribute("aria-pressed", String(!hidden.has(kind)));
    button.title = "Click: hide or show. Double click: only this.";
    button.addEventListener("click", () => changed(kind, false));
    button.addEventListener("dblclick", () => changed(kind, true));
    box.append(button);
  });
}

/** The selected rows as a list; `thumbnail(row, canvas)` draws one. */
export function drawSelection(panel, map, rows, thumbnail, entered) {
  panel.count.textContent = rows.length
    ? `${rows.length.toLocaleString("en")} selected`
    : "Nothing selected";
  panel.copy.disabled = panel.save.disabled = panel.clear.disabled = rows.length === 0;
  panel.list.replaceChildren();
  for (const row of rows.slice(0, LISTED)) {
    const item = element("li");
    const canvas = element("canvas", "small");
    canvas.width = canvas.height = 40;
    thumbnail(row, canvas);
    const text = element("div", "about");
    text.append(element("bdi", "id", map.ids[row]));
    if (map.labels[row] !== null) text.append(element("span", "label", map.labels[row]));
    item.append(canvas, text);
    item.addEventListener("mouseenter", () => entered(row));
    item.addEventListener("mouseleave", () => entered(-1));
    panel.list.append(item);
  }
  if (rows.length > LISTED) {
    panel.list.append(element("li", "more", `and ${(rows.length - LISTED).toLocaleString("en")} more, all copied`));
  }
}

/** Puts a text where paste finds it, also where the page has no right to the clipboard. */
export async function copyText(text) {
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
