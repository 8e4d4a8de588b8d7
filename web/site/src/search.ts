// Exact search over rows of float16: int8 codes say which rows may belong to the best, and those
// are scored again in float64 on the float16 values, as the library does it.

export type Metric = "cosine" | "ip" | "l2";
export interface Found {
  rows: Uint32Array;
  scores: Float64Array;
}

/** The value of each of the 65,536 float16 numbers, by its bits. */
export const HALF = halves();
/** A bound on what float32 queries and the sums of a scan may be off, for vectors of length 1. */
const ROUNDING = 1e-6;

export class Vectors {
  readonly count: number;
  readonly dim: number;
  readonly metric: Metric;
  private readonly rows: Uint16Array;
  private readonly codes: Int8Array;
  private readonly scale: Float64Array;
  private readonly length: Float64Array;
  private readonly off: Float64Array;
  private readonly here: Uint8Array;
  private readonly rough: Float64Array;
  places: Uint32Array;
  loaded = 0;

  /** Room for `count` rows; `places` (count,) breaks ties: of equal scores the lower is first. */
  constructor(count: number, dim: number, metric: Metric) {
    this.count = count;
    this.dim = dim;
    this.metric = metric;
    this.rows = new Uint16Array(count * dim);
    this.codes = new Int8Array(count * dim);
    this.scale = new Float64Array(count);
    this.length = new Float64Array(count);
    this.off = new Float64Array(count);
    this.here = new Uint8Array(count);
    this.rough = new Float64Array(count);
    this.places = Uint32Array.from({ length: count }, (_, i) => i);
  }

  /** Rows from `start` on, as float16 bits (m * dim,). */
  take(start: number, bits: Uint16Array): void {
    this.rows.set(bits, start * this.dim);
    const end = start + bits.length / this.dim;
    for (let row = start; row < end; row++) this.encode(row);
    this.loaded += end - start;
  }

  has(row: number): boolean {
    return this.here[row] > 0;
  }

  /** Codes of a row, c * scale being near each value, and how far from it the codes lie. */
  private encode(row: number): void {
    const { rows, codes, dim } = this;
    const from = row * dim;
    let most = 0;
    let squares = 0;
    for (let i = from; i < from + dim; i++) {
      const value = HALF[rows[i]];
      most = Math.max(most, Math.abs(value));
      squares += value * value;
    }
    if (!Number.isFinite(squares) || (squares === 0 && this.metric === "cosine")) return;
    const scale = most / 127;
    let off = 0;
    for (let i = from; i < from + dim; i++) {
      const value = HALF[rows[i]];
      const code = scale > 0 ? Math.round(value / scale) : 0;
      codes[i] = code;
      off += (value - code * scale) ** 2;
    }
    this.scale[row] = scale;
    this.length[row] = Math.sqrt(squares);
    this.off[row] = Math.sqrt(off);
    this.here[row] = 1;
  }

  /** The `k` rows nearest to a row, without it, of those that `allowed` (count,) marks. */
  searchRow(row: number, k: number, allowed: Uint8Array | null): Found {
    return this.search(this.query(row), k, allowed, row);
  }

  /** The same for any vector (dim,), of length 1 where cosines are compared; `without` is no answer. */
  search(asked: Float64Array, k: number, allowed: Uint8Array | null, without = -1): Found {
    const length = lengthOf(asked);
    const open = (row: number) => this.here[row] > 0 && row !== without && (!allowed || allowed[row] > 0);
    const floor = this.scan(Float32Array.from(asked), length, k, open);
    const { rough } = this;
    const rows: number[] = [];
    for (let row = 0; row < this.count; row++) {
      if (open(row) && rough[row] + this.slack(row, length) >= floor) rows.push(row);
    }
    for (const row of rows) rough[row] = this.exact(row, asked);
    rows.sort((a, b) => rough[b] - rough[a] || this.places[a] - this.places[b]);
    const best = rows.slice(0, k);
    return { rows: Uint32Array.from(best), scores: Float64Array.from(best, (row) => this.similarity(rough[row])) };
  }

  private query(row: number): Float64Array {
    const by = this.metric === "cosine" ? this.length[row] : 1;
    const from = row * this.dim;
    return Float64Array.from({ length: this.dim }, (_, i) => HALF[this.rows[from + i]] / by);
  }

  /** Fills the rough scores; the k-th highest of what rows score at least. */
  private scan(asked: Float32Array, length: number, k: number, open: (row: number) => boolean): number {
    const { codes, dim, rough } = this;
    const lowest = new Lowest(k);
    for (let row = 0; row < this.count; row++) {
      if (!open(row)) continue;
      const from = row * dim;
      let a = 0, b = 0, c = 0, d = 0, i = 0;
      for (; i + 3 < dim; i += 4) {
        a += codes[from + i] * asked[i];
        b += codes[from + i + 1] * asked[i + 1];
        c += codes[from + i + 2] * asked[i + 2];
        d += codes[from + i + 3] * asked[i + 3];
      }
      for (; i < dim; i++) a += codes[from + i] * asked[i];
      rough[row] = this.ranking((a + b + c + d) * this.scale[row], row);
      lowest.offer(rough[row] - this.slack(row, length));
    }
    return lowest.value;
  }

  /** What rows are ranked by, from their product with the query. */
  private ranking(product: number, row: number): number {
    const length = this.length[row];
    if (this.metric === "cosine") return product / length;
    return this.metric === "ip" ? product : 2 * product - length * length;
  }

  /** By how much a rough score may be off (Cauchy-Schwarz on what the codes leave out). */
  private slack(row: number, length: number): number {
    const error = length * (this.off[row] + ROUNDING * this.length[row]);
    if (this.metric === "cosine") return error / this.length[row];
    return this.metric === "ip" ? error : 2 * error;
  }

  private exact(row: number, asked: Float64Array): number {
    const from = row * this.dim;
    let sum = 0;
    if (this.metric === "l2") {
      for (let i = 0; i < this.dim; i++) sum -= (HALF[this.rows[from + i]] - asked[i]) ** 2;
      return sum;
    }
    for (let i = 0; i < this.dim; i++) sum += HALF[this.rows[from + i]] * asked[i];
    return this.metric === "cosine" ? sum / this.length[row] : sum;
  }

  private similarity(ranking: number): number {
    if (this.metric === "cosine") return Math.max(-1, Math.min(1, ranking));
    return this.metric === "ip" ? ranking : 1 / (1 + Math.sqrt(-ranking));
  }
}

export const lengthOf = (vector: Float64Array) => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));

/** The k-th highest of the numbers offered: a heap whose top is the lowest kept. */
class Lowest {
  private readonly heap: number[] = [];
  private readonly k: number;
  constructor(k: number) {
    this.k = k;
  }
  get value(): number {
    return this.heap.length < this.k ? -Infinity : this.heap[0];
  }
  offer(number: number): void {
    const { heap, k } = this;
    if (heap.length < k) {
      heap.push(number);
      for (let i = heap.length - 1; i > 0; ) {
        const up = (i - 1) >> 1;
        if (heap[up] <= heap[i]) break;
        [heap[up], heap[i]] = [heap[i], heap[up]];
        i = up;
      }
    } else if (number > heap[0]) {
      heap[0] = number;
      for (let i = 0; ; ) {
        const left = 2 * i + 1;
        const least = left + 1 < k && heap[left + 1] < heap[left] ? left + 1 : left;
        if (left >= k || heap[least] >= heap[i]) break;
        [heap[least], heap[i]] = [heap[i], heap[least]];
        i = least;
      }
    }
  }
}

function halves(): Float64Array {
  return Float64Array.from({ length: 65536 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction);
  });
}
