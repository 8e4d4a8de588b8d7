// The menus of kinds to filter by, and the filters in use as chips that take them back.

import type { View } from "./address";
import type { Collection } from "./collection";
import { element, number } from "./dom";
import type { Filtered } from "./filters";

export class Facets {
  private readonly images: Collection;
  private readonly chips: HTMLElement;
  private readonly change: (change: (view: View) => void) => void;
  private readonly boxes: HTMLInputElement[][] = [];
  private readonly counts: HTMLElement[][] = [];
  private readonly menus: HTMLDetailsElement[] = [];

  constructor(menus: HTMLElement, chips: HTMLElement, images: Collection, change: (change: (view: View) => void) => void) {
    this.images = images;
    this.chips = chips;
    this.change = change;
    for (const column of images.facts.columns) {
      const menu = element("details", "menu");
      const list = element("div", "kinds");
      list.setAttribute("role", "group");
      list.setAttribute("aria-label", column.name);
      const boxes: HTMLInputElement[] = [];
      const counts: HTMLElement[] = [];
      for (const name of column.names) {
        const line = element("label");
        const box = element("input");
        box.type = "checkbox";
        box.addEventListener("change", () => change((view) => set(view, column.name, name, box.checked)));
        boxes.push(box);
        counts.push(element("span", "number"));
        line.append(box, element("bdi", "name", name), counts[counts.length - 1]);
        list.append(line);
      }
      menu.append(element("summary", "", column.name), list);
      this.boxes.push(boxes);
      this.counts.push(counts);
      this.menus.push(menu);
    }
    menus.append(...this.menus);
    document.addEventListener("pointerdown", (event) => this.close(event.target as Node));
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.close(null));
  }

  show(view: View, filtered: Filtered): void {
    this.images.facts.columns.forEach((column, i) => {
      const wanted = view.kinds.get(column.name);
      this.menus[i].classList.toggle("used", Boolean(wanted));
      column.names.forEach((name, kind) => {
        const count = filtered.counts[i][kind];
        const box = this.boxes[i][kind];
        box.checked = Boolean(wanted?.has(name));
        box.disabled = count === 0 && !box.checked;
        this.counts[i][kind].textContent = number(count);
      });
    });
    const chips = [...view.kinds].flatMap(([column, kinds]) =>
      [...kinds].map((kind) => this.chip(`${column}: ${kind}`, (now) => set(now, column, kind, false))),
    );
    if (view.text) chips.push(this.chip(`“${view.text}”`, (now) => (now.text = "")));
    if (chips.length > 1) {
      chips.push(this.chip("Clear all", (now) => {
        now.kinds.clear();
        now.text = "";
      }));
    }
    this.chips.replaceChildren(...chips);
  }

  private chip(text: string, act: (view: View) => void): HTMLButtonElement {
    const chip = element("button", "chip");
    chip.type = "button";
    const cross = element("span", "cross", "×");
    cross.setAttribute("aria-hidden", "true");
    chip.append(element("bdi", "", text), cross);
    chip.title = "Take this filter back";
    chip.addEventListener("click", () => this.change(act));
    return chip;
  }

  private close(target: Node | null): void {
    for (const menu of this.menus) {
      if (menu.open && !(target && menu.contains(target))) {
        menu.open = false;
        if (!target) menu.querySelector("summary")?.focus();
      }
    }
  }
}

function set(view: View, column: string, kind: string, wanted: boolean): void {
  const kinds = view.kinds.get(column) ?? new Set<string>();
  if (wanted) kinds.add(kind);
  else kinds.delete(kind);
  if (kinds.size) view.kinds.set(column, kinds);
  else view.kinds.delete(column);
}
