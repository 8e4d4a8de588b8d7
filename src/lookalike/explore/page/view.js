// The part of the plane that is seen: from map to pixels and back, and which points are near.

/** A view of `width` x `height` CSS pixels on the plane; `scale` is pixels a unit. */
export class View {
  constructor(width, height) {
    this.resize(width, height);
    this.fit();
  }
  resize(width, height) {
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
  }
  fit() {
    this.cx = 0;
    this.cy = 0;
    this.scale = 0.47 * Math.min(this.width, this.height);
  }
  get fitted() {
    return 0.47 * Math.min(this.width, this.height);
  }
  toPixels(x, y) {
    return [this.width / 2 + (x - this.cx) * this.scale, this.height / 2 - (y - this.cy) * this.scale];
  }
  toMap(px, py) {
    return [this.cx + (px - this.width / 2) / this.scale, this.cy - (py - this.height / 2) / this.scale];
  }
  pan(dx, dy) {
    this.cx -= dx / this.scale;
    this.cy += dy / this.scale;
  }
  zoom(factor, px, py) {
    const [x, y] = this.toMap(px, py);
    this.scale = Math.min(Math.max(this.scale * factor, this.fitted / 2), this.fitted * 5000);
    this.cx = x - (px - this.width / 2) / this.scale;
    this.cy = y + (py - this.height / 2) / this.scale;
  }
}

const CELLS = 256;

/** Points in the cells of a grid, so that a few are looked at instead of all. */
export class Grid {
  constructor(x, y) {
    const cell = (value) => Math.min(CELLS - 1, Math.max(0, Math.floor(((value + 1) / 2) * CELLS)));
    this.x = x;
    this.y = y;
    this.cell = cell;
    this.starts = new Uint32Array(CELLS * CELLS + 1);
    for (let i = 0; i < x.length; i++) this.starts[cell(y[i]) * CELLS + cell(x[i]) + 1]++;
    for (let c = 0; c < CELLS * CELLS; c++) this.starts[c + 1] += this.starts[c];
    const next = this.starts.slice();
    this.rows = new Uint32Array(x.length);
    for (let i = 0; i < x.length; i++) this.rows[next[cell(y[i]) * CELLS + cell(x[i])]++] = i;
  }
  /** No fewer points than a rectangle holds: those of all cells that it touches. */
  atMost(x0, y0, x1, y1) {
    let count = 0;
    for (let down = this.cell(y0); down <= this.cell(y1); down++) {
      count += this.starts[down * CELLS + this.cell(x1) + 1] - this.starts[down * CELLS + this.cell(x0)];
    }
    return count;
  }
  /** Calls `found(row)` for every point of a rectangle. */
  within(x0, y0, x1, y1, found) {
    for (let down = this.cell(y0); down <= this.cell(y1); down++) {
      const start = this.starts[down * CELLS + this.cell(x0)];
      const end = this.starts[down * CELLS + this.cell(x1) + 1];
      for (let i = start; i < end; i++) {
        const row = this.rows[i];
        const x = this.x[row];
        const y = this.y[row];
        if (x >= x0 && x <= x1 && y >= y0 && y <= y1) found(row);
      }
    }
  }
  /** The point nearest to a place within `reach`, of those that `allowed(row)`; -1 for none. */
  nearest(x, y, reach, allowed) {
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

/** Whether a place lies inside a closed line of [x, y] (crossings of a ray). */
export function inside(x, y, line) {
  let within = false;
  for (let i = 0, j = line.length - 1; i < line.length; j = i++) {
    const [xi, yi] = line[i];
    const [xj, yj] = line[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within;
  }
  return within;
}
