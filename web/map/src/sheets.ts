// Sheets of thumbnails inside the page: decoded when something on them is to be seen, the latest few kept.

import { bytesOf } from "../../shared/bytes";
import type { Cut, Pictures } from "../../shared/pictures";
import type { MapData } from "./data";

const KEPT = 24;

export class Sheets implements Pictures {
  readonly side: number;
  readonly most = 1200;
  private readonly perSheet: number;
  private readonly ready = new Map<number, ImageBitmap>();
  private readonly waiting = new Set<number>();
  private readonly used = new Set<number>();
  private changed = (): void => undefined;
  private dropped = (_: number): void => undefined;

  constructor(private readonly map: MapData) {
    this.side = map.side;
    this.perSheet = map.across ** 2;
  }
  listen(changed: () => void, dropped: (number: number) => void): void {
    const before = this.changed;
    this.changed = () => {
      before();
      changed();
    };
    this.dropped = dropped;
  }
  /** A frame begins: what it uses is kept. */
  wanted(): void {
    this.used.clear();
  }
  cut(row: number): Cut | null {
    const tile = this.map.tiles[row];
    if (tile < 0) return null;
    const at = tile % this.perSheet;
    const { across, side } = this.map;
    return { sheet: Math.floor(tile / this.perSheet), left: (at % across) * side, top: Math.floor(at / across) * side };
  }
  sheet(number: number): ImageBitmap | null {
    this.used.add(number);
    const kept = this.ready.get(number);
    if (kept) {
      this.ready.delete(number);
      this.ready.set(number, kept);
      return kept;
    }
    if (!this.waiting.has(number)) {
      this.waiting.add(number);
      void this.decode(number);
    }
    return null;
  }
  private async decode(number: number): Promise<void> {
    const bitmap = await createImageBitmap(new Blob([bytesOf(this.map.sheets[number])], { type: "image/webp" }));
    this.waiting.delete(number);
    this.ready.set(number, bitmap);
    for (const [old, gone] of this.ready) {
      if (this.ready.size <= KEPT) break;
      if (this.used.has(old)) continue;
      this.ready.delete(old);
      this.dropped(old);
      gone.close();
    }
    this.changed();
  }
}
