// What the map's own page shares with this one.

declare module "*/page/view.js" {
  export class View {
    width: number;
    height: number;
    scale: number;
    readonly fitted: number;
    constructor(width: number, height: number);
    resize(width: number, height: number): void;
    fit(): void;
    toPixels(x: number, y: number): [number, number];
    toMap(px: number, py: number): [number, number];
    pan(dx: number, dy: number): void;
    zoom(factor: number, px: number, py: number): void;
  }
  export class Grid {
    constructor(x: Float32Array, y: Float32Array);
    nearest(x: number, y: number, reach: number, allowed: (row: number) => boolean): number;
  }
}
declare module "*/page/colours.js" {
  export function coloursOf(column: { names: string[]; kinds: number; ordered: boolean }, dark: boolean): number[][];
  export const css: (colour: number[]) => string;
}
