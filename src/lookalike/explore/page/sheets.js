// Sheets of thumbnails: decoded when something on them is to be seen, the latest few kept.

import { bytesOf } from "./data.js";

const KEPT = 24;

export class Sheets {
  /** `changed()` is called when a sheet has arrived, `dropped(number)` when one was let go. */
  constructor(map, changed, dropped) {
    this.map = map;
    this.changed = changed;
    this.dropped = dropped;
    this.ready = new Map();
    this.waiting = new Set();
    this.perSheet = map.across * map.across;
  }
  /** The picture of a sheet, or null while it is decoded. */
  get(number) {
    const kept = this.ready.get(number);
    if (kept) {
      this.ready.delete(number);
      this.ready.set(number, kept);
      return kept;
    }
    if (!this.waiting.has(number)) {
      this.waiting.add(number);
      const blob = new Blob([bytesOf(this.map.sheets[number])], { type: "image/webp" });
      createImageBitmap(blob).then((bitmap) => {
        this.waiting.delete(number);
        this.ready.set(number, bitmap);
        if (this.ready.size > KEPT) {
          const [oldest, gone] = this.ready.entries().next().value;
          this.ready.delete(oldest);
          this.dropped(oldest);
          gone.close();
        }
        this.changed();
      });
    }
    return null;
  }
  /** Where the thumbnail of a row is: {sheet, left, top} in pixels, or null. */
  place(row) {
    const tile = this.map.tiles[row];
    if (tile < 0) return null;
    const at = tile % this.perSheet;
    const { side, across } = this.map;
    return { sheet: Math.floor(tile / this.perSheet), left: (at % across) * side,
      top: Math.floor(at / across) * side };
  }
}
