// A map in an element: points or thumbnails, what is hidden, selected, lit and pointed at.

import { PLAIN, type Colour } from "./colours";
import { FAINT, HIDDEN, makeDrawer, SELECTED, SHOWN, type Drawer, type Look, type Points } from "./drawer";
import { follow } from "./gestures";
import type { Pictures } from "./pictures";
import { Cells, inside, Plane, type Place } from "./plane";

export type Mode = "pan" | "box" | "lasso";

/** What a map tells. */
export interface Heard {
  /** A point is pointed at, at a place in CSS pixels; row -1: none is. */
  hovered?(row: number, px: number, py: number): void;
  /** The selection is another; rows rise. */
  selected?(rows: number[]): void;
  /** A point was clicked; without it the point is selected. */
  clicked?(row: number): void;
  moded?(mode: Mode): void;
}

const RINGED = 24;
const REACH = 10;
const ROOM = 22;
const LARGEST = 160;
const OVERLAP = 2.4;
const SAMPLED = 300;

export class Scatter {
  readonly plane: Plane;
  readonly selected = new Set<number>();
  /** The line of a box or lasso being drawn, in pixels. */
  line: Place[] | null = null;
  hoveredRow = -1;
  /** Pixels of the thumbnails in view; 0 while points are shown. */
  tileSize = 0;
  private readonly canvas = document.createElement("canvas");
  private readonly over = document.createElement("canvas");
  private readonly state: Uint8Array;
  private readonly cells: Cells;
  /** How far apart points are in the middle of cases, in units of the plane. */
  private readonly nearby: number;
  private readonly drawer: Drawer;
  private readonly watcher: ResizeObserver;
  private readonly unfollow: () => void;
  private shown: ((row: number) => boolean) | null = null;
  private lit: Set<number> | null = null;
  private ringed: readonly number[] = [];
  private centre = -1;
  private tileRows: number[] = [];
  private asked = false;
  private dark = false;
  private paper: Colour = [1, 1, 1];
  private mode: Mode = "pan";

  /** Draws into `stage`, which has a position; without `pictures` points stay points. */
  constructor(
    readonly stage: HTMLElement,
    readonly points: Points,
    private readonly pictures: Pictures | null,
    private readonly heard: Heard,
  ) {
    this.state = new Uint8Array(points.count).fill(SHOWN);
    this.plane = new Plane(stage.clientWidth, stage.clientHeight);
    this.cells = new Cells(points.x, points.y);
    this.nearby = spacing(points, this.cells);
    for (const canvas of [this.over, this.canvas]) {
      canvas.className = "scatter";
      canvas.setAttribute("aria-hidden", "true");
      stage.prepend(canvas);
    }
    this.drawer = makeDrawer(this.canvas, points, this.state);
    this.drawer.setKinds(new Uint8Array(points.count), [PLAIN]);
    pictures?.listen(() => this.redraw(), (number) => this.drawer.drop(number));
    this.unfollow = follow(this);
    this.setMode("pan");
    this.watcher = new ResizeObserver(() => this.resize());
    this.watcher.observe(stage);
    this.resize();
  }

  /** Colours: a kind for each row and a colour for each kind, on paper of the stage's own colour. */
  paint(codes: Uint8Array, colours: readonly Colour[], dark: boolean): void {
    this.dark = dark;
    this.paper = colourOf(getComputedStyle(this.stage).backgroundColor) ?? (dark ? [0.07, 0.08, 0.09] : [0.98, 0.98, 0.97]);
    this.drawer.setKinds(codes, colours);
    this.redraw();
  }

  /** Shows only rows that `shown(row)`; null for all. Returns how many that are. */
  filter(shown: ((row: number) => boolean) | null): number {
    this.shown = shown;
    return this.restate();
  }

  /** Makes all but some rows pale, rings the first of them, and one more strongly; null lights all. */
  light(rows: ArrayLike<number> | null, centre = -1): void {
    this.lit = rows && new Set([...Array.from(rows), ...(centre >= 0 ? [centre] : [])]);
    this.ringed = rows ? Array.from({ length: Math.min(RINGED, rows.length) }, (_, i) => rows[i]) : [];
    this.centre = centre;
    this.restate();
  }

  select(rows: Iterable<number>, add = false): void {
    if (!add) this.selected.clear();
    for (const row of rows) this.selected.add(row);
    this.restate();
    this.heard.selected?.([...this.selected].sort((a, b) => a - b));
  }

  selectInside(line: readonly Place[], add: boolean): void {
    const corners = line.map(([px, py]) => this.plane.toMap(px, py));
    const xs = corners.map((corner) => corner[0]);
    const ys = corners.map((corner) => corner[1]);
    const rows: number[] = [];
    this.cells.within(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys), (row) => {
      if (this.isShown(row) && inside(this.points.x[row], this.points.y[row], corners)) rows.push(row);
    });
    this.select(rows, add);
  }

  click(row: number, add: boolean): void {
    if (this.heard.clicked) this.heard.clicked(row);
    else this.select([row], add);
  }

  setMode(mode: Mode): void {
    this.mode = mode;
    this.stage.dataset.mode = mode;
    this.heard.moded?.(mode);
  }
  get drawing(): Mode {
    return this.mode;
  }

  hover(row: number, px?: number, py?: number): void {
    const other = row !== this.hoveredRow;
    this.hoveredRow = row;
    if (row < 0) {
      if (other) this.heard.hovered?.(-1, 0, 0);
    } else {
      const [x, y] = px === undefined || py === undefined ? this.pixels(row) : [px, py];
      this.heard.hovered?.(row, x, y);
    }
    if (other) this.redraw();
  }

  /** The row of the point at a place in pixels, -1 for none. */
  at(px: number, py: number): number {
    const [x, y] = this.plane.toMap(px, py);
    const reach = Math.max(REACH, this.tileSize / 2) / this.plane.scale;
    return this.cells.nearest(x, y, reach, (row) => this.isShown(row));
  }

  /** The point nearest to the middle of the view: what the keyboard points at. */
  middle(): number {
    const { cx, cy, width, height, scale } = this.plane;
    return this.cells.nearest(cx, cy, Math.max(width, height) / scale, (row) => this.isShown(row));
  }

  /** Where a row is, in CSS pixels of the stage. */
  pixels(row: number): Place {
    return this.plane.toPixels(this.points.x[row], this.points.y[row]);
  }

  /** Brings a row to the middle, and zooms. */
  goTo(row: number, factor = 1): void {
    this.plane.zoom(factor);
    this.plane.cx = this.points.x[row];
    this.plane.cy = this.points.y[row];
    this.redraw();
  }

  isShown(row: number): boolean {
    return this.state[row] !== HIDDEN;
  }

  redraw(): void {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.draw();
    });
  }

  draw(): void {
    const look = this.look();
    this.drawer.draw(this.plane, look);
    this.tileRows = this.thumbnailsInView();
    if (this.tileSize && this.pictures) this.drawThumbnails(this.pictures, look);
    this.drawOver();
  }

  close(): void {
    this.watcher.disconnect();
    this.unfollow();
    this.drawer.close();
    this.canvas.remove();
    this.over.remove();
  }

  private get ratio(): number {
    return Math.min(2, window.devicePixelRatio || 1);
  }

  private resize(): void {
    this.plane.resize(this.stage.clientWidth, this.stage.clientHeight);
    this.drawer.resize(this.ratio, this.plane);
    this.over.width = Math.round(this.plane.width * this.ratio);
    this.over.height = Math.round(this.plane.height * this.ratio);
    this.draw();
  }

  private restate(): number {
    let count = 0;
    for (let row = 0; row < this.points.count; row++) {
      const seen = !this.shown || this.shown(row);
      const found = this.lit ? this.lit.has(row) : true;
      this.state[row] = !seen ? HIDDEN : this.selected.has(row) ? SELECTED : found ? SHOWN : FAINT;
      if (seen) count++;
    }
    this.drawer.setStates(this.state);
    this.redraw();
    return count;
  }

  private look(): Look {
    const { count } = this.points;
    const few = count < 3000 ? 7 : count < 20_000 ? 5 : 3;
    const large = Math.max(1, this.plane.fitted / 400);
    return {
      paper: this.paper,
      marked: this.dark ? [1, 1, 1] : [0.05, 0.05, 0.06],
      size: Math.min(14, few * large * 2 ** (this.plane.zoomed / 4)) * this.ratio,
      fade: 0.78,
    };
  }

  /** The rows in view if thumbnails can be drawn of them; none while they are many. Sets their size. */
  private thumbnailsInView(): number[] {
    this.tileSize = 0;
    const { plane, pictures } = this;
    if (!pictures) return [];
    const [x0, y1] = plane.toMap(0, 0);
    const [x1, y0] = plane.toMap(plane.width, plane.height);
    if (this.cells.atMost(x0, y0, x1, y1) > 4 * pictures.most + 64) return [];
    const rows: number[] = [];
    this.cells.within(x0, y0, x1, y1, (row) => {
      if (this.isShown(row)) rows.push(row);
    });
    const room = Math.sqrt((plane.width * plane.height) / Math.max(1, rows.length));
    if (!rows.length || rows.length > pictures.most || room <= ROOM) return [];
    const apart = OVERLAP * this.nearby * plane.scale;
    this.tileSize = Math.min(Math.max(apart, 0.4 * room), 0.8 * room, LARGEST);
    return rows;
  }

  private drawThumbnails(pictures: Pictures, look: Look): void {
    pictures.wanted?.(this.tileRows);
    for (const [strength, faint] of [[0.3, true], [1, false]] as const) {
      const bySheet = new Map<number, { rows: number[]; places: number[] }>();
      for (const row of this.tileRows) {
        if ((this.state[row] === FAINT) !== faint) continue;
        const cut = pictures.cut(row);
        if (!cut) continue;
        let of = bySheet.get(cut.sheet);
        if (!of) bySheet.set(cut.sheet, (of = { rows: [], places: [] }));
        of.rows.push(row);
        of.places.push(cut.left, cut.top);
      }
      for (const [number, { rows, places }] of bySheet) {
        const sheet = pictures.sheet(number);
        if (sheet) this.drawer.drawTiles(this.plane, look, this.tileSize, pictures.side, sheet, number, rows, places, strength);
      }
    }
  }

  /** Frames around what is selected, lit or pointed at, and the line that is being drawn. */
  private drawOver(): void {
    const pen = this.over.getContext("2d")!;
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    pen.clearRect(0, 0, this.plane.width, this.plane.height);
    pen.strokeStyle = this.dark ? "#fff" : "#111";
    pen.lineWidth = 2;
    if (this.tileSize) for (const row of this.tileRows) if (this.state[row] === SELECTED) this.mark(pen, row, 8);
    pen.lineWidth = 1;
    for (const row of this.ringed) if (this.isShown(row)) this.mark(pen, row, 5);
    pen.lineWidth = 3;
    if (this.centre >= 0 && this.isShown(this.centre)) this.mark(pen, this.centre, 10);
    pen.lineWidth = 2;
    if (this.hoveredRow >= 0) this.mark(pen, this.hoveredRow, 8);
    if (!this.line) return;
    pen.setLineDash([6, 4]);
    pen.beginPath();
    this.line.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.closePath();
    pen.stroke();
    pen.setLineDash([]);
  }

  private mark(pen: CanvasRenderingContext2D, row: number, radius: number): void {
    const [px, py] = this.pixels(row);
    const half = this.tileSize / 2;
    if (half) return pen.strokeRect(px - half, py - half, 2 * half, 2 * half);
    pen.beginPath();
    pen.arc(px, py, radius, 0, 7);
    pen.stroke();
  }
}

/** The median distance to the nearest other point, of some points. */
function spacing({ count, x, y }: Points, cells: Cells): number {
  const found: number[] = [];
  const step = Math.max(1, Math.floor(count / SAMPLED));
  for (let row = 0; row < count; row += step) {
    for (let reach = 1 / 256; reach <= 1; reach *= 2) {
      const other = cells.nearest(x[row], y[row], reach, (one) => one !== row);
      if (other < 0) continue;
      found.push(Math.hypot(x[other] - x[row], y[other] - y[row]));
      break;
    }
  }
  return found.sort((a, b) => a - b)[found.length >> 1] ?? 0;
}

/** Puts a card beside a place on the stage, inside it. */
export function beside(card: HTMLElement, plane: Plane, px: number, py: number): void {
  card.style.left = `${Math.max(8, Math.min(px + 16, plane.width - card.offsetWidth - 8))}px`;
  card.style.top = `${Math.max(8, Math.min(py + 16, plane.height - card.offsetHeight - 8))}px`;
}

/** The colour of a CSS `rgb(...)`; null where it is transparent, or said otherwise. */
function colourOf(css: string): Colour | null {
  const [r, g, b, a] = (css.match(/^rgba?\(([^)]+)\)$/)?.[1] ?? "").split(/[\s,/]+/).map(Number);
  return b === undefined || a === 0 ? null : [r / 255, g / 255, b / 255];
}
