// Colours of kinds: hues apart from each other for names, one hue rising for numbers.

/** sRGB, each 0..1. */
export type Colour = readonly [number, number, number];

/** A column as kinds: of `names`, the first `kinds` are kinds, the rest stand for all else and for nothing. */
export interface Kinds {
  name: string;
  names: string[];
  kinds: number;
  ordered: boolean;
}

const GREY: Colour = [0.55, 0.56, 0.57];
/** What points are coloured by no column with. */
export const PLAIN: Colour = [0.1, 0.55, 0.5];

/** sRGB of OKLCH (Ottosson, "A perceptual color space for image processing", 2020). */
export function oklch(lightness: number, chroma: number, degrees: number): Colour {
  const a = chroma * Math.cos((degrees * Math.PI) / 180);
  const b = chroma * Math.sin((degrees * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const shown = (value: number) => {
    const v = Math.min(1, Math.max(0, value));
    return v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055;
  };
  return [
    shown(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    shown(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    shown(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/** A colour for each name of a column; those that are no kind are grey. */
export function coloursOf(column: Kinds, dark: boolean): Colour[] {
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

export const css = (colour: Colour) => `rgb(${colour.map((v) => Math.round(255 * v)).join(" ")})`;

/** `colour`, moved by `share` 0..1 towards `other`. */
export const mixed = (colour: Colour, other: Colour, share: number): Colour => [
  colour[0] + share * (other[0] - colour[0]),
  colour[1] + share * (other[1] - colour[1]),
  colour[2] + share * (other[2] - colour[2]),
];
