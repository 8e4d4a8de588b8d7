// Runs a chain of convolutions on one picture, in plain typed arrays: no GPU, no library.

export interface Layer {
  out: number;
  kernel: number;
  stride: number;
  /** Whether each channel has a kernel of its own. */
  byChannel: boolean;
  relu6: boolean;
  /** The layer whose output is added, if any. */
  add: number | null;
}
/** A feature map: `side` x `side` cells of `channels` values each, row by row. */
interface Cells {
  side: number;
  channels: number;
  values: Float32Array;
}

export class Network {
  private readonly layers: readonly Layer[];
  private readonly weights: Float32Array;

  /** `weights`: of each layer its kernels, then its biases, as `share/site_model.py` writes them. */
  constructor(layers: readonly Layer[], weights: Float32Array) {
    this.layers = layers;
    this.weights = weights;
  }

  /** The means (channels,) over all cells of the last layer, from `side` x `side` pixels of three values. */
  run(pixels: Float32Array, side: number): Float64Array {
    const outputs: Cells[] = [];
    let from = 0;
    let cells: Cells = { side, channels: 3, values: pixels };
    for (const layer of this.layers) {
      const kernels = layer.kernel ** 2 * (layer.byChannel ? 1 : cells.channels) * layer.out;
      const biases = this.weights.subarray(from + kernels, from + kernels + layer.out);
      const convolve = layer.byChannel ? depthwise : dense;
      const values = convolve(cells, layer, this.weights.subarray(from, from + kernels), biases);
      from += kernels + layer.out;
      const added = layer.add === null ? null : outputs[layer.add].values;
      if (added) for (let i = 0; i < values.length; i++) values[i] += added[i];
      if (layer.relu6) for (let i = 0; i < values.length; i++) values[i] = Math.min(6, Math.max(0, values[i]));
      cells = { side: Math.ceil(cells.side / layer.stride), channels: layer.out, values };
      outputs.push(cells);
    }
    const means = new Float64Array(cells.channels);
    cells.values.forEach((value, i) => (means[i % cells.channels] += value / cells.side ** 2));
    return means;
  }
}

/** How far kernels reach over the upper and left edge, where as little as can be is padded. */
function padding(side: number, { kernel, stride }: Layer): number {
  const outside = (Math.ceil(side / stride) - 1) * stride + kernel - side;
  return Math.max(0, outside) >> 1;
}

function depthwise(from: Cells, layer: Layer, kernels: Float32Array, biases: Float32Array): Float32Array {
  const { side, channels, values } = from;
  const { kernel, stride } = layer;
  const before = padding(side, layer);
  const size = Math.ceil(side / stride);
  const made = new Float32Array(size * size * channels);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const to = (y * size + x) * channels;
      made.set(biases, to);
      for (let down = 0; down < kernel; down++) {
        const row = y * stride - before + down;
        if (row < 0 || row >= side) continue;
        for (let right = 0; right < kernel; right++) {
          const column = x * stride - before + right;
          if (column < 0 || column >= side) continue;
          const at = (row * side + column) * channels;
          const weights = (down * kernel + right) * channels;
          for (let i = 0; i < channels; i++) made[to + i] += values[at + i] * kernels[weights + i];
        }
      }
    }
  }
  return made;
}

/** Every channel from all: the cells under each kernel side by side, times the kernels. */
function dense(from: Cells, layer: Layer, kernels: Float32Array, biases: Float32Array): Float32Array {
  if (layer.kernel === 1 && layer.stride === 1) return product(from.values, from.channels, kernels, biases);
  return product(patches(from, layer), layer.kernel ** 2 * from.channels, kernels, biases);
}

function patches({ side, channels, values }: Cells, layer: Layer): Float32Array {
  const { kernel, stride } = layer;
  const before = padding(side, layer);
  const size = Math.ceil(side / stride);
  const made = new Float32Array(size * size * kernel * kernel * channels);
  let to = 0;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      for (let down = 0; down < kernel; down++) {
        for (let right = 0; right < kernel; right++, to += channels) {
          const row = y * stride - before + down;
          const column = x * stride - before + right;
          if (row < 0 || row >= side || column < 0 || column >= side) continue;
          const at = (row * side + column) * channels;
          for (let i = 0; i < channels; i++) made[to + i] = values[at + i];
        }
      }
    }
  }
  return made;
}

/** rows (n, inner) x kernels (out, inner) + biases: two rows by four kernels at a time. */
function product(rows: Float32Array, inner: number, kernels: Float32Array, biases: Float32Array): Float32Array {
  const out = biases.length;
  const count = rows.length / inner;
  const made = new Float32Array(count * out);
  for (let row = 0; row < count; row += 2) {
    const one = row * inner;
    const two = Math.min(row + 1, count - 1) * inner;
    for (let o = 0; o < out; o += 4) {
      const k0 = o * inner, k1 = k0 + inner, k2 = k1 + inner, k3 = k2 + inner;
      let a0 = biases[o], a1 = biases[o + 1], a2 = biases[o + 2], a3 = biases[o + 3];
      let b0 = a0, b1 = a1, b2 = a2, b3 = a3;
      for (let i = 0; i < inner; i++) {
        const a = rows[one + i], b = rows[two + i];
        const w0 = kernels[k0 + i], w1 = kernels[k1 + i], w2 = kernels[k2 + i], w3 = kernels[k3 + i];
        a0 += a * w0; a1 += a * w1; a2 += a * w2; a3 += a * w3;
        b0 += b * w0; b1 += b * w1; b2 += b * w2; b3 += b * w3;
      }
      const first = row * out + o;
      made[first] = a0; made[first + 1] = a1; made[first + 2] = a2; made[first + 3] = a3;
      if (row + 1 === count) continue;
      const second = first + out;
      made[second] = b0; made[second + 1] = b1; made[second + 2] = b2; made[second + 3] = b3;
    }
  }
  return made;
}
