// The plane of a map: the part of it that is seen, and which points are near a place.

export type Place = [number, number];

/** A view of `width` x `height` CSS pixels on the plane -1..1; `scale` is pixels a unit. */
export class Plane {
  width = 1;
  height = 1;
  cx = 0;
  cy = 0;
  scale = 1;

  constructor(width: number, height: number) {
    this.resize(width, height);
    this.fit();
  }
  /** Keeps showing everything where everything was shown. */
  resize(width: number, height: number): void {
    const fitted = this.isFitted;
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    if (fitted) this.fit();
  }
  fit(): void {
    this.cx = 0;
    this.cy = 0;
    this.scale = this.fitted;
  }
  get fitted(): number {
    return 0.47 * Math.min(this.width, this.height);
  }
  get isFitted(): boolean {
    return Math.abs(this.scale - this.fitted) < 1e-9;
  }
  /** Powers of two by which it is nearer than when everything is seen. */
  get zoomed(): number {
    return Math.log2(this.scale / this.fitted);
  }
  toPixels(x: number, y: number): Place {
    return [this.width / 2 + (x - this.cx) * this.scale, this.height / 2 - (y - this.cy) * this.scale];
  }
  toMap(px: number, py: number): Place {
    return [this.cx + (px - this.width / 2) / this.scale, this.cy - (py - this.height / 2) / this.scale];
  }
  pan(dx: number, dy: number): void {
    this.cx -= dx / this.scale;
    this.cy += dy / this.scale;
  }
  /** Zooms around a place in pixels, by default the middle. */
  zoom(factor: number, px = this.width / 2, py = this.height / 2): void {
    const [x, y] = this.toMap(px, py);
    this.scale = Math.min(Math.max(this.scale * factor, this.fitted / 2), this.fitted * 5000);
    this.cx = x - (px - this.width / 2) / this.scale;
    this.cy = y + (py - this.height / 2) / this.scale;
  }
}

const CELLS = 256;
const cell = (value: number) => Math.min(CELLS - 1, Math.max(0, Math.floor(((value + 1) / 2) * CELLS)));

/** Points in the cells of a grid, so that a few are looked at instead of all. */
export class Cells {
  private readonly x: Float32Array;
  private readonly y: Float32Array;
  private readonly starts = new Uint32Array(CELLS * CELLS + 1);
  private readonly rows: Uint32Array;

  constructor(x: Float32Array, y: Float32Array) {
    this.x = x;
    this.y = y;
    this.rows = new Uint32Array(x.length);
    for (let i = 0; i < x.length; i++) this.starts[cell(y[i]) * CELLS + cell(x[i]) + 1]++;
    for (let c = 0; c < CELLS * CELLS; c++) this.starts[c + 1] += this.starts[c];
    const next = this.starts.slice();
    for (let i = 0; i < x.length; i++) this.rows[next[cell(y[i]) * CELLS + cell(x[i])]++] = i;
  }
  /** No fewer points than a rectangle holds: those of all cells that it touches. */
  atMost(x0: number, y0: number, x1: number, y1: number): number {
    let count = 0;
    for (let down = cell(y0); down <= cell(y1); down++) {
      count += this.starts[down * CELLS + cell(x1) + 1] - this.starts[down * CELLS + cell(x0)];
    }
    return count;
  }
  /** Calls `found(row)` for every point of a rectangle. */
  within(x0: number, y0: number, x1: number, y1: number, found: (row: number) => void): void {
    for (let down = cell(y0); down <= cell(y1); down++) {
      const end = this.starts[down * CELLS + cell(x1) + 1];
      for (let i = this.starts[down * CELLS + cell(x0)]; i < end; i++) {
        const row = this.rows[i];
        const x = this.x[row];
        const y = this.y[row];
        if (x >= x0 && x <= x1 && y >= y0 && y <= y1) found(row);
      }
    }
  }
  /** The point nearest to a place within `reach`, of those that `allowed(row)`; -1 for none. */
  nearest(x: number, y: number, reach: number, allowed: (row: number) => boolean): number {
    let best = -1;
    let least = reach * reach;
    this.within(x - reach, y - reach, x + reach, y + reach, (row) => {
      const distance = (this.x[row] - x) ** 2 + (this.y[row] - y) ** 2;
      if (distance <= least && allowed(row)) {
        least = distance;
        best = row;
      }
    });
    return best;
  }
}

/** Whether a place lies inside a closed line (crossings of a ray). */
export function inside(x: number, y: number, line: readonly Place[]): boolean {
  let within = false;
  for (let i = 0, j = line.length - 1; i < line.length; j = i++) {
    const [xi, yi] = line[i];
    const [xj, yj] = line[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within;
  }
  return within;
}
