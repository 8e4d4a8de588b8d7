// A picture as the model's square: its shorter side resized, the centre cut out, in one pass.

/** Pixels of a picture, four bytes each: red, green, blue, and one that is not looked at. */
export interface Picture {
  width: number;
  height: number;
  pixels: Uint8ClampedArray;
}
export interface Fit {
  shorterSide: number;
  crop: number;
  mean: number[];
  scale: number[];
}

/** The square (crop * crop * 3,), row by row, less `mean` and divided by `scale`. */
export function square(picture: Picture, { shorterSide, crop, mean, scale }: Fit): Float32Array {
  const { width, height, pixels } = picture;
  const shorter = Math.min(width, height);
  const size = (side: number) => Math.max(shorterSide, rounded((side * shorterSide) / shorter));
  const across = taps(width, size(width), crop);
  const down = taps(height, size(height), crop);
  const first = down[0].first;
  const rows = down[crop - 1].first + down[crop - 1].weights.length - first;
  const narrow = new Uint8ClampedArray(rows * crop * 3);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < crop; x++) {
      const from = 4 * ((first + y) * width + across[x].first);
      blend(pixels, from, 4, across[x].weights, narrow, (y * crop + x) * 3);
    }
  }
  const small = new Uint8ClampedArray(crop * crop * 3);
  for (let y = 0; y < crop; y++) {
    for (let x = 0; x < crop; x++) {
      const from = ((down[y].first - first) * crop + x) * 3;
      blend(narrow, from, 3 * crop, down[y].weights, small, (y * crop + x) * 3);
    }
  }
  return Float32Array.from(small, (value, i) => (value - mean[i % 3]) / scale[i % 3]);
}

/** Which pixels of `length` make each of the `crop` in the middle of `size`, and how much of each. */
function taps(length: number, size: number, crop: number): { first: number; weights: number[] }[] {
  const step = length / size;
  const widen = Math.max(1, step);
  const start = rounded((size - crop) / 2) * step;
  return Array.from({ length: crop }, (_, i) => {
    const centre = start + (i + 0.5) * step;
    const first = Math.max(0, Math.floor(centre - 2 * widen + 0.5));
    const end = Math.min(length, Math.floor(centre + 2 * widen + 0.5));
    const raw = Array.from({ length: end - first }, (_, at) => cubic((first + at + 0.5 - centre) / widen));
    const sum = raw.reduce((a, b) => a + b, 0);
    return { first, weights: raw.map((weight) => weight / sum) };
  });
}

/** To the nearest whole number, of two the even one, as the library rounds. */
function rounded(value: number): number {
  const low = Math.floor(value);
  if (value - low === 0.5) return low + (low % 2);
  return Math.round(value);
}

/** Keys' cubic convolution with a = -0.5 (1981). */
function cubic(x: number): number {
  const far = Math.abs(x);
  if (far < 1) return (1.5 * far - 2.5) * far * far + 1;
  return far < 2 ? ((-0.5 * far + 2.5) * far - 4) * far + 2 : 0;
}

/** One pixel of three values from some that lie `apart`; writing it rounds and bounds it. */
function blend(from: Uint8ClampedArray, at: number, apart: number, weights: number[], to: Uint8ClampedArray, place: number): void {
  let red = 0, green = 0, blue = 0;
  for (const weight of weights) {
    red += from[at] * weight;
    green += from[at + 1] * weight;
    blue += from[at + 2] * weight;
    at += apart;
  }
  to[place] = red;
  to[place + 1] = green;
  to[place + 2] = blue;
}
