// The map of the collection: points of the colour of their kind, what is found ringed.

import { coloursOf, PLAIN } from "../../shared/colours";
import { beside, Scatter } from "../../shared/scatter";
import type { Collection } from "./collection";
import { element } from "./dom";
import type { Sheets } from "./sheets";

const NOWHERE = 9;

export class MapView {
  private readonly stage = element("div", "stage");
  private readonly card = element("div", "card");
  private readonly picture = element("span");
  private readonly name = element("bdi", "name");
  private readonly dark = matchMedia("(prefers-color-scheme: dark)");
  private readonly choice = element("select");
  private scatter: Scatter | null = null;
  private mask: Uint8Array | null = null;
  private found: ArrayLike<number> = [];
  private query = -1;

  /** `chosen(row)` is called when a point is clicked. */
  constructor(
    box: HTMLElement,
    private readonly images: Collection,
    private readonly sheets: Sheets,
    private readonly chosen: (row: number) => void,
  ) {
    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "application");
    this.stage.setAttribute("aria-label", "Map of the images; what looks alike is near. Arrow keys move, plus and minus zoom, N points at the image in the middle, Enter looks for what is like it. The grid lists the same images.");
    this.card.hidden = true;
    this.card.append(this.picture, this.name);
    this.stage.append(this.card);
    const label = element("label", "colour", "Colour by ");
    label.append(this.choice);
    images.facts.columns.forEach((column, i) => this.choice.append(new Option(column.name, String(i))));
    this.choice.addEventListener("change", () => this.paint());
    label.hidden = images.facts.columns.length === 0;
    box.append(this.stage, label);
    this.dark.addEventListener("change", () => this.paint());
  }

  /** Takes in where the images lie, fitted to -1..1. */
  lay(): void {
    const { x, y } = this.images;
    const [cx, rx] = spread(x);
    const [cy, ry] = spread(y);
    const reach = Math.max(rx, ry) || 1;
    const fitted = (values: Float32Array, middle: number) => values.map((value) => (Number.isNaN(value) ? NOWHERE : (value - middle) / reach));
    const points = { count: x.length, x: fitted(x, cx), y: fitted(y, cy) };
    this.scatter?.close();
    this.scatter = new Scatter(this.stage, points, null, {
      hovered: (row, px, py) => this.hover(row, px, py),
      clicked: (row) => this.chosen(row),
    });
    this.paint();
    this.apply();
  }

  show(mask: Uint8Array | null, query: number, found: ArrayLike<number>): void {
    [this.mask, this.query, this.found] = [mask, query, found];
    this.apply();
  }

  /** The row of the point at a place in pixels, -1 for none. */
  at(px: number, py: number): number {
    return this.scatter?.at(px, py) ?? -1;
  }

  pixels(row: number): [number, number] {
    return this.scatter?.pixels(row) ?? [0, 0];
  }

  private apply(): void {
    const { mask } = this;
    this.scatter?.filter(mask && ((row) => mask[row] > 0));
    this.scatter?.light(this.query >= 0 ? this.found : null, this.query);
  }

  private paint(): void {
    const number = Number(this.choice.value);
    const column = this.images.facts.columns[number];
    const codes = column ? this.images.codes[number] : new Uint8Array(this.images.facts.count);
    this.scatter?.paint(codes, column ? coloursOf(column, this.dark.matches) : [PLAIN], this.dark.matches);
  }

  private hover(row: number, px: number, py: number): void {
    this.card.hidden = row < 0;
    if (row < 0 || !this.scatter) return;
    if (this.card.dataset.row !== String(row)) {
      this.sheets.show(this.picture, row);
      this.name.textContent = this.images.labels[row] ?? this.images.ids[row];
    }
    this.card.dataset.row = String(row);
    beside(this.card, this.scatter.plane, px, py);
  }
}

/** The middle of numbers, and how far they reach from it. */
function spread(values: Float32Array): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low > high ? [0, 0] : [(low + high) / 2, (high - low) / 2];
}
