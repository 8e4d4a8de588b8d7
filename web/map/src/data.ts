// What the page shows: points, ids, columns and sheets of thumbnails, out of one JSON block.

import { bytesOf } from "../../shared/bytes";
import type { Kinds } from "../../shared/colours";
import type { Points } from "../../shared/drawer";

export interface Column extends Kinds {
  codes: Uint8Array;
}
export interface MapData extends Points {
  ids: string[];
  labels: (string | null)[];
  columns: Column[];
  /** The tile of each row over all sheets, -1 for none. */
  tiles: Int32Array;
  side: number;
  across: number;
  /** WebP as base64. */
  sheets: string[];
}
interface Block {
  ids: string[];
  labels: (string | null)[];
  points: string;
  columns: (Kinds & { codes: string })[];
  tiles: string;
  side: number;
  across: number;
  sheets: string[];
}

export function readMap(block: HTMLElement): MapData {
  const raw = JSON.parse(block.textContent ?? "") as Block;
  const points = new Float32Array(bytesOf(raw.points).buffer);
  const count = raw.ids.length;
  return {
    ...raw,
    count,
    x: Float32Array.from({ length: count }, (_, i) => points[2 * i]),
    y: Float32Array.from({ length: count }, (_, i) => points[2 * i + 1]),
    columns: raw.columns.map((column) => ({ ...column, codes: bytesOf(column.codes) })),
    tiles: new Int32Array(bytesOf(raw.tiles).buffer),
  };
}
