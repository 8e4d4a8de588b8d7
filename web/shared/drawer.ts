// What draws a map: WebGL where there is a card, pixel by pixel where the processor would play it.

import type { Colour } from "./colours";
import { Painter, withoutCard } from "./painter";
import type { Plane } from "./plane";
import { Renderer } from "./renderer";

/** Points of the plane -1..1, by row. */
export interface Points {
  readonly count: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** What a point is: hidden, shown, selected, or paler than the others. */
export const HIDDEN = 0;
export const SHOWN = 1;
export const SELECTED = 2;
export const FAINT = 3;

/** `size` of a point in device pixels; `fade` 0..1, how near to the paper what is faint is. */
export interface Look {
  paper: Colour;
  marked: Colour;
  size: number;
  fade: number;
}
/** A picture of many thumbnails. */
export type Sheet = ImageBitmap | HTMLCanvasElement;

export interface Drawer {
  /** A kind for each row, and a colour for each kind. */
  setKinds(codes: Uint8Array, palette: readonly Colour[]): void;
  setStates(state: Uint8Array): void;
  resize(ratio: number, plane: Plane): void;
  draw(plane: Plane, look: Look): void;
  /** Thumbnails `size` CSS pixels wide of rows that share a sheet, cut out at `places`, `side` wide. */
  drawTiles(plane: Plane, look: Look, size: number, side: number, sheet: Sheet, number: number, rows: readonly number[], places: readonly number[], strength: number): void;
  /** Forgets a sheet, which has changed or is gone. */
  drop(number: number): void;
  close(): void;
}

const MANY = 20_000;

export function makeDrawer(canvas: HTMLCanvasElement, points: Points, state: Uint8Array): Drawer {
  if (points.count > MANY && withoutCard()) return new Painter(canvas, points, state);
  try {
    return new Renderer(canvas, points, state);
  } catch {
    return new Painter(canvas, points, state);
  }
}
