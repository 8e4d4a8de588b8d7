// Colours of kinds: hues apart from each other for names, one hue rising for numbers.

const GREY = [0.55, 0.56, 0.57];

/** sRGB 0..1 of OKLCH (Ottosson, "A perceptual color space for image processing", 2020). */
export function oklch(lightness, chroma, degrees) {
  const a = chroma * Math.cos((degrees * Math.PI) / 180);
  const b = chroma * Math.sin((degrees * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return linear.map((value) => {
    const v = Math.min(1, Math.max(0, value));
    return v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055;
  });
}

/** A colour, sRGB 0..1, for each kind of a column; those that are no kind are grey. */
export function coloursOf(column, dark) {
  const base = dark ? 0.74 : 0.62;
  return column.names.map((_, i) => {
    if (i >= column.kinds) return GREY;
    if (column.ordered) {
      const t = column.kinds > 1 ? i / (column.kinds - 1) : 0;
      return oklch(dark ? 0.5 + 0.4 * t : 0.85 - 0.5 * t, 0.13, 250 - 60 * t);
    }
    return oklch(base + [0, 0.12, -0.12][i % 3], 0.15, (25 + i * 137.508) % 360);
  });
}

export const css = (colour) => `rgb(${colour.map((v) => Math.round(255 * v)).join(" ")})`;
