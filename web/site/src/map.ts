// The map of the collection: points of the colour of their kind, what is found ringed.

import { coloursOf, css } from "../../../src/lookalike/explore/page/colours.js";
import { Grid as Cells, View as Plane } from "../../../src/lookalike/explore/page/view.js";
import type { Collection } from "./collection";
import { element } from "./dom";
import type { Sheets } from "./sheets";

const RINGED = 60;

export class MapView {
  private readonly box: HTMLElement;
  private readonly images: Collection;
  private readonly sheets: Sheets;
  private readonly canvas = element("canvas");
  private readonly card = element("div", "card");
  private readonly picture = element("span");
  private readonly name = element("bdi", "name");
  private readonly dark = matchMedia("(prefers-color-scheme: dark)");
  private readonly choice = element("select");
  private readonly plane = new Plane(1, 1);
  private cells = new Cells(new Float32Array(0), new Float32Array(0));
  private x = new Float32Array(0);
  private y = new Float32Array(0);
  private mask: Uint8Array | null = null;
  private found: ArrayLike<number> = [];
  private query = -1;
  private hovered = -1;
  private asked = false;
  private drag: { last: [number, number]; moved: number } | null = null;

  /** `chosen(row)` is called when a point is clicked. */
  constructor(box: HTMLElement, images: Collection, sheets: Sheets, chosen: (row: number) => void) {
    this.box = box;
    this.images = images;
    this.sheets = sheets;
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", "Map of the images; what looks alike is near. Arrow keys move, plus and minus zoom. The grid lists the same images.");
    this.card.hidden = true;
    this.card.append(this.picture, this.name);
    const label = element("label", "colour", "Colour by ");
    label.append(this.choice);
    images.facts.columns.forEach((column, i) => this.choice.append(new Option(column.name, String(i))));
    this.choice.addEventListener("change", () => this.redraw());
    label.hidden = images.facts.columns.length === 0;
    box.append(this.canvas, label, this.card);
    this.listen(chosen);
    new ResizeObserver(() => this.resize(box)).observe(box);
    this.dark.addEventListener("change", () => this.redraw());
  }

  /** Takes in where the images lie, fitted to -1..1. */
  lay(): void {
    const { x, y } = this.images;
    const there = [...x.keys()].filter((row) => !Number.isNaN(x[row]));
    const middle = (of: Float32Array) => {
      let low = Infinity;
      let high = -Infinity;
      for (const row of there) [low, high] = [Math.min(low, of[row]), Math.max(high, of[row])];
      return [(low + high) / 2, (high - low) / 2];
    };
    const [[cx, rx], [cy, ry]] = [middle(x), middle(y)];
    const reach = Math.max(rx, ry) || 1;
    this.x = x.map((value) => (value - cx) / reach);
    this.y = y.map((value) => (value - cy) / reach);
    this.cells = new Cells(this.x.map((v) => (Number.isNaN(v) ? 9 : v)), this.y);
    this.redraw();
  }

  show(mask: Uint8Array | null, query: number, found: ArrayLike<number>): void {
    [this.mask, this.query, this.found] = [mask, query, found];
    this.redraw();
  }

  private redraw(): void {
    if (this.asked || this.box.hidden) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.draw();
    });
  }

  private resize(box: HTMLElement): void {
    if (box.hidden) return;
    const fitted = this.plane.scale === this.plane.fitted;
    this.plane.resize(box.clientWidth, box.clientHeight);
    if (fitted) this.plane.fit();
    this.canvas.width = Math.round(box.clientWidth * devicePixelRatio);
    this.canvas.height = Math.round(box.clientHeight * devicePixelRatio);
    this.draw();
  }

  private draw(): void {
    const pen = this.canvas.getContext("2d")!;
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    pen.clearRect(0, 0, this.plane.width, this.plane.height);
    const column = this.images.facts.columns[Number(this.choice.value)];
    const codes = column ? this.images.codes[Number(this.choice.value)] : null;
    const colours = column ? coloursOf(column, this.dark.matches).map(css) : [getComputedStyle(this.canvas).color];
    const zoomed = Math.log2(this.plane.scale / this.plane.fitted);
    const size = Math.min(14, (this.x.length < 3000 ? 6 : this.x.length < 20000 ? 4 : 2.5) * 2 ** (zoomed / 4));
    pen.globalAlpha = this.query >= 0 ? 0.45 : 0.9;
    colours.forEach((colour, kind) => {
      pen.fillStyle = colour;
      for (let row = 0; row < this.x.length; row++) {
        if ((codes && codes[row] !== kind) || (this.mask && !this.mask[row])) continue;
        const [px, py] = this.plane.toPixels(this.x[row], this.y[row]);
        if (px > -9 && py > -9 && px < this.plane.width + 9 && py < this.plane.height + 9) pen.fillRect(px - size / 2, py - size / 2, size, size);
      }
    });
    pen.globalAlpha = 1;
    pen.strokeStyle = pen.fillStyle = getComputedStyle(this.canvas).color;
    for (let i = 0; i < Math.min(RINGED, this.found.length); i++) this.ring(pen, this.found[i], size / 2 + 2.5, 1.5);
    if (this.query >= 0) this.ring(pen, this.query, size / 2 + 6, 3);
    if (this.hovered >= 0) this.ring(pen, this.hovered, size / 2 + 5, 2);
  }

  private ring(pen: CanvasRenderingContext2D, row: number, radius: number, width: number): void {
    const [px, py] = this.plane.toPixels(this.x[row], this.y[row]);
    pen.lineWidth = width;
    pen.beginPath();
    pen.arc(px, py, radius, 0, 7);
    pen.stroke();
  }

  private hover(row: number, px: number, py: number): void {
    if (row !== this.hovered) {
      this.hovered = row;
      this.redraw();
      if (row >= 0) {
        this.sheets.show(this.picture, row);
        this.name.textContent = this.images.labels[row] ?? this.images.ids[row];
      }
    }
    this.card.hidden = row < 0;
    this.canvas.style.cursor = row < 0 ? "grab" : "pointer";
    if (row < 0) return;
    this.card.style.left = `${Math.max(8, Math.min(px + 16, this.plane.width - this.card.offsetWidth - 8))}px`;
    this.card.style.top = `${Math.max(8, Math.min(py + 16, this.plane.height - this.card.offsetHeight - 8))}px`;
  }

  /** The row of the point at a place in pixels, -1 for none. */
  at(px: number, py: number): number {
    const [x, y] = this.plane.toMap(px, py);
    return this.cells.nearest(x, y, 12 / this.plane.scale, (row: number) => !this.mask || this.mask[row] > 0);
  }

  pixels(row: number): [number, number] {
    const [x, y] = this.plane.toPixels(this.x[row], this.y[row]);
    return [x, y];
  }

  private listen(chosen: (row: number) => void): void {
    const { canvas, plane } = this;
    canvas.addEventListener("pointerdown", (event) => {
      this.drag = { last: [event.offsetX, event.offsetY], moved: 0 };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      const at: [number, number] = [event.offsetX, event.offsetY];
      if (!this.drag) return this.hover(this.at(...at), ...at);
      const [dx, dy] = [at[0] - this.drag.last[0], at[1] - this.drag.last[1]];
      this.drag.moved += Math.abs(dx) + Math.abs(dy);
      this.drag.last = at;
      plane.pan(dx, dy);
      this.hover(-1, 0, 0);
      return this.redraw();
    });
    canvas.addEventListener("pointerup", (event) => {
      const row = this.drag && this.drag.moved < 5 ? this.at(event.offsetX, event.offsetY) : -1;
      this.drag = null;
      if (row >= 0) chosen(row);
    });
    canvas.addEventListener("pointercancel", () => (this.drag = null));
    canvas.addEventListener("pointerleave", () => this.hover(-1, 0, 0));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      plane.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.offsetX, event.offsetY);
      this.redraw();
    }, { passive: false });
    const middle = (factor: number) => plane.zoom(factor, plane.width / 2, plane.height / 2);
    const keys: Record<string, () => void> = {
      ArrowLeft: () => plane.pan(60, 0), ArrowRight: () => plane.pan(-60, 0),
      ArrowUp: () => plane.pan(0, 60), ArrowDown: () => plane.pan(0, -60),
      "+": () => middle(1.3), "=": () => middle(1.3), "-": () => middle(1 / 1.3), 0: () => plane.fit(),
    };
    canvas.addEventListener("keydown", (event) => {
      if (!keys[event.key] || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      keys[event.key]();
      this.redraw();
    });
  }
}
