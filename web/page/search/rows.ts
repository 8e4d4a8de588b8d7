// Pictures of any shape in rows of equal width: where each lies, found quickly however many there are.

export interface Cell {
  left: number;
  width: number;
}
export interface Row {
  start: number;
  top: number;
  /** Of the pictures; below each is its caption. */
  height: number;
  cells: Cell[];
}

const FLATTEST = 2.4;
const SLIMMEST = 0.5;

/** How wide a picture is for its height: shapes beyond reason are cut. */
export const shapeOf = ({ width, height }: { width: number; height: number }) =>
  Math.min(FLATTEST, Math.max(SLIMMEST, width / height || 1));

/** Rows of about `ideal` height that fill `width`; the last is not stretched. */
export function rowsOf(shapes: ArrayLike<number>, width: number, ideal: number, gap: number, caption: number): Row[] {
  const rows: Row[] = [];
  let top = 0;
  for (let start = 0; start < shapes.length; ) {
    let end = start;
    let sum = 0;
    while (end < shapes.length && sum * ideal + (end - start - 1) * gap < width) sum += shapes[end++];
    // one picture fewer may be nearer to the ideal height
    const without = sum - shapes[end - 1];
    const fits = (total: number, count: number) => (width - (count - 1) * gap) / total;
    const full = sum * ideal + (end - start - 1) * gap >= width;
    if (full && end - start > 1 && fits(without, end - start - 1) - ideal < ideal - fits(sum, end - start)) {
      sum = without;
      end--;
    }
    const height = Math.round(full ? Math.min(fits(sum, end - start), 1.45 * ideal) : ideal);
    const cells: Cell[] = [];
    for (let at = start, left = 0; at < end; at++) {
      const wide = full && at === end - 1 ? Math.min(width - left, shapes[at] * height + 2) : Math.round(shapes[at] * height);
      cells.push({ left, width: wide });
      left += wide + gap;
    }
    rows.push({ start, top, height, cells });
    top += height + caption + gap;
    start = end;
  }
  return rows;
}

/** The first row that ends below a height. */
export function rowAt(rows: Row[], height: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (middle + 1 < rows.length && rows[middle + 1].top <= height) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The row of a picture. */
export function rowOf(rows: Row[], index: number): number {
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (rows[middle].start <= index) low = middle;
    else high = middle - 1;
  }
  return low;
}
