// Thumbnails of a map: which part of which sheet shows a row, and the sheets that are there.

import type { Sheet } from "./drawer";

export interface Cut {
  sheet: number;
  left: number;
  top: number;
}

export interface Pictures {
  /** Pixels of a thumbnail's side on its sheet. */
  readonly side: number;
  /** How many are shown at once at most. */
  readonly most: number;
  /** Where the thumbnail of a row is; null for none, or none yet. */
  cut(row: number): Cut | null;
  /** A sheet, or null while it arrives; `used` are those of this frame, which are kept. */
  sheet(number: number): Sheet | null;
  /** To be called with `changed` when a thumbnail has arrived, and `dropped` when a sheet is gone or drawn anew. */
  listen(changed: () => void, dropped: (number: number) => void): void;
  /** Tells which rows are in view, nearest to the middle first, before they are cut out. */
  wanted?(rows: readonly number[]): void;
}
