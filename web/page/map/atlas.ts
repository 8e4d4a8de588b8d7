// Thumbnails of the service on sheets that are drawn as they arrive: those seen last stay.

import { thumbnail } from "../api";
import type { Cut, Pictures } from "../../shared/pictures";

const ACROSS = 8;
const PER_SHEET = ACROSS * ACROSS;
const SHEETS = 10;
const AT_ONCE = 6;

export class Atlas implements Pictures {
  readonly side = 128;
  readonly most = 400;
  private readonly sheets: HTMLCanvasElement[] = [];
  private readonly slots = new Map<number, number>();
  private readonly lost = new Set<number>();
  private readonly loading = new Set<number>();
  private queue: number[] = [];
  private inView = new Set<number>();
  private changed = (): void => undefined;
  private dropped = (_: number): void => undefined;

  constructor(private readonly ids: readonly string[]) {}

  listen(changed: () => void, dropped: (number: number) => void): void {
    this.changed = changed;
    this.dropped = dropped;
  }

  cut(row: number): Cut | null {
    const slot = this.slots.get(row);
    if (slot === undefined) return null;
    const at = slot % PER_SHEET;
    return { sheet: Math.floor(slot / PER_SHEET), left: (at % ACROSS) * this.side, top: Math.floor(at / ACROSS) * this.side };
  }

  sheet(number: number): HTMLCanvasElement {
    return this.sheets[number];
  }

  wanted(rows: readonly number[]): void {
    this.inView = new Set(rows);
    for (const row of rows) {
      const slot = this.slots.get(row);
      if (slot === undefined) continue;
      this.slots.delete(row); // what was seen last stands last
      this.slots.set(row, slot);
    }
    this.queue = rows.filter((row) => !this.slots.has(row) && !this.lost.has(row) && !this.loading.has(row)).reverse();
    this.next();
  }

  private next(): void {
    while (this.loading.size < AT_ONCE) {
      const row = this.queue.pop();
      if (row === undefined) return;
      this.loading.add(row);
      void this.load(row).finally(() => {
        this.loading.delete(row);
        this.next();
      });
    }
  }

  private async load(row: number): Promise<void> {
    const image = new Image();
    image.src = thumbnail(this.ids[row]);
    try {
      await image.decode();
    } catch {
      this.lost.add(row);
      return;
    }
    this.put(row, image);
    this.changed();
  }

  private put(row: number, image: HTMLImageElement): void {
    const slot = this.free();
    this.slots.set(row, slot);
    const { sheet, left, top } = this.cut(row)!;
    const pen = this.sheets[sheet].getContext("2d")!;
    const scale = this.side / Math.max(image.naturalWidth, image.naturalHeight, 1);
    const [width, height] = [image.naturalWidth, image.naturalHeight].map((side) => Math.round(side * scale));
    pen.clearRect(left, top, this.side, this.side);
    pen.drawImage(image, left + ((this.side - width) >> 1), top + ((this.side - height) >> 1), width, height);
    this.dropped(sheet);
  }

  /** A place on a sheet: a new one, or that of the thumbnail not seen for longest. */
  private free(): number {
    const used = this.slots.size;
    if (used === this.sheets.length * PER_SHEET && this.sheets.length < SHEETS) {
      const sheet = document.createElement("canvas");
      sheet.width = sheet.height = ACROSS * this.side;
      this.sheets.push(sheet);
    }
    if (used < this.sheets.length * PER_SHEET) return used;
    for (const [row, slot] of this.slots) {
      if (this.inView.has(row)) continue;
      this.slots.delete(row);
      return slot;
    }
    const [oldest] = this.slots;
    this.slots.delete(oldest[0]);
    return oldest[1];
  }
}
