// The grid of images: only what is in view is in the page, however many there are.

import type { Collection } from "./collection";
import { element } from "./dom";
import type { Sheets } from "./sheets";

const GAP = 12;
const CAPTION = 30;
const SPARE = 2;

export interface Listed {
  rows: ArrayLike<number>;
  scores: Float64Array | null;
}

export class Grid {
  private readonly box: HTMLElement;
  private readonly list: HTMLElement;
  private readonly images: Collection;
  private readonly sheets: Sheets;
  private readonly link: (row: number) => string;
  private readonly reached: () => void;
  private readonly cells = new Map<number, HTMLLIElement>();
  private listed: Listed = { rows: [], scores: null };
  private across = 1;
  private width = 100;
  private height = 100;
  private focused = 0;

  /** `box` scrolls `list`; `link(row)` is where a click leads; `reached()` is told near the end. */
  constructor(box: HTMLElement, list: HTMLElement, images: Collection, sheets: Sheets, link: (row: number) => string, reached: () => void) {
    this.box = box;
    this.list = list;
    this.images = images;
    this.sheets = sheets;
    this.link = link;
    this.reached = reached;
    box.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.lay()).observe(list);
    list.addEventListener("keydown", (event) => this.key(event));
    list.addEventListener("focusin", (event) => {
      const cell = (event.target as HTMLElement).closest("li");
      if (cell) this.focused = Number(cell.dataset.at);
    });
  }

  /** Shows other images; from the top unless `stay`. */
  show(listed: Listed, stay = false): void {
    this.listed = listed;
    this.cells.forEach((cell) => cell.remove());
    this.cells.clear();
    if (!stay) {
      this.box.scrollTop = 0;
      this.focused = 0;
    }
    this.lay();
  }

  private lay(): void {
    const { tile } = this.images.facts;
    const room = this.list.clientWidth;
    const wish = room < 520 ? 104 : room < 900 ? 138 : 164;
    this.across = Math.max(1, Math.floor((room + GAP) / (wish + GAP)));
    this.width = (room - GAP * (this.across - 1)) / this.across;
    this.height = (this.width * tile.height) / tile.width + CAPTION + GAP;
    this.list.style.height = `${Math.ceil(this.listed.rows.length / this.across) * this.height}px`;
    this.cells.forEach((cell, at) => this.put(cell, at));
    this.draw();
  }

  private draw(): void {
    const top = this.box.scrollTop - (this.list.offsetTop - this.box.offsetTop);
    const first = Math.max(0, Math.floor(top / this.height) - SPARE) * this.across;
    const rows = Math.ceil(this.box.clientHeight / this.height) + 2 * SPARE + 1;
    const last = Math.min(this.listed.rows.length, first + rows * this.across);
    for (const [at, cell] of this.cells) {
      if ((at >= first && at < last) || cell.contains(document.activeElement)) continue;
      cell.remove();
      this.cells.delete(at);
    }
    const added: HTMLLIElement[] = [];
    for (let at = first; at < last; at++) if (!this.cells.has(at)) added.push(this.cell(at));
    this.list.append(...added);
    if (last >= this.listed.rows.length - 2 * this.across) this.reached();
  }

  private cell(at: number): HTMLLIElement {
    const row = this.listed.rows[at];
    const id = this.images.ids[row];
    const label = this.images.labels[row];
    const score = this.listed.scores?.[at];
    const item = element("li");
    item.dataset.at = String(at);
    item.setAttribute("aria-posinset", String(at + 1));
    item.setAttribute("aria-setsize", String(this.listed.rows.length));
    const link = element("a");
    link.href = this.link(row);
    link.title = label === null ? id : `${label}\n${id}`;
    link.setAttribute("aria-label", [label, id, score === undefined ? null : `similarity ${score.toFixed(2)}`].filter(Boolean).join(", "));
    const picture = element("span");
    this.sheets.show(picture, row);
    const caption = element("span", "caption");
    caption.append(element("bdi", "name", label ?? id.slice(id.lastIndexOf("/") + 1)));
    if (score !== undefined) caption.append(element("span", "score", score.toFixed(2)));
    link.append(picture, caption);
    item.append(link);
    this.put(item, at);
    this.cells.set(at, item);
    return item;
  }

  private put(cell: HTMLElement, at: number): void {
    const x = (at % this.across) * (this.width + GAP);
    const y = Math.floor(at / this.across) * this.height;
    cell.style.width = `${this.width}px`;
    cell.style.transform = `translate(${x}px, ${y}px)`;
  }

  private key(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.across, ArrowDown: this.across };
    const all = this.listed.rows.length;
    const wanted = event.key === "Home" ? 0 : event.key === "End" ? all - 1 : this.focused + steps[event.key];
    if (!(wanted >= 0 && wanted < all) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.focused = wanted;
    const y = this.list.offsetTop - this.box.offsetTop + Math.floor(wanted / this.across) * this.height;
    if (y < this.box.scrollTop) this.box.scrollTop = y - GAP;
    else if (y + this.height > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = y + this.height - this.box.clientHeight;
    this.draw();
    this.cells.get(wanted)?.querySelector("a")?.focus({ preventScroll: true });
  }
}
