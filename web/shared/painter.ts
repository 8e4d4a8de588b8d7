// Draws points and thumbnails without a graphics card: pixel by pixel, which is then the faster way.

import { mixed, type Colour } from "./colours";
import { FAINT, HIDDEN, SELECTED, SHOWN, type Drawer, type Look, type Points, type Sheet } from "./drawer";
import type { Plane } from "./plane";

export class Painter implements Drawer {
  private readonly pen: CanvasRenderingContext2D;
  private codes = new Uint8Array(0);
  private palette: readonly Colour[] = [];
  private image = new ImageData(1, 1);
  private pixels = new Uint32Array(1);

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly points: Points,
    private state: Uint8Array,
  ) {
    this.pen = canvas.getContext("2d", { alpha: false })!;
  }
  setKinds(codes: Uint8Array, palette: readonly Colour[]): void {
    this.codes = codes as Uint8Array<ArrayBuffer>;
    this.palette = palette;
  }
  setStates(state: Uint8Array): void {
    this.state = state;
  }
  resize(ratio: number, plane: Plane): void {
    this.canvas.width = Math.max(1, Math.round(plane.width * ratio));
    this.canvas.height = Math.max(1, Math.round(plane.height * ratio));
    this.image = this.pen.createImageData(this.canvas.width, this.canvas.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }
  draw(plane: Plane, look: Look): void {
    this.pixels.fill(packed(look.paper));
    const size = Math.max(1, Math.round(look.size));
    const faint = Uint32Array.from(this.palette.map((colour) => packed(mixed(colour, look.paper, look.fade))));
    const shown = Uint32Array.from(this.palette.map(packed));
    const marked = shown.slice().fill(packed(look.marked));
    if (this.state.includes(FAINT)) this.pass(plane, FAINT, size, faint);
    this.pass(plane, SHOWN, size, shown);
    if (this.state.includes(SELECTED)) this.pass(plane, SELECTED, size + 3, marked);
    this.pen.putImageData(this.image, 0, 0);
  }
  drawTiles(plane: Plane, _look: Look, size: number, side: number, sheet: Sheet, _number: number, rows: readonly number[], places: readonly number[], strength: number): void {
    const ratio = this.canvas.width / plane.width;
    this.pen.globalAlpha = strength;
    rows.forEach((row, i) => {
      const [px, py] = plane.toPixels(this.points.x[row], this.points.y[row]);
      this.pen.drawImage(sheet, places[2 * i], places[2 * i + 1], side, side,
        (px - size / 2) * ratio, (py - size / 2) * ratio, size * ratio, size * ratio);
    });
    this.pen.globalAlpha = 1;
  }
  drop(): void {}
  close(): void {}

  /** Paints the points of one state, `side` device pixels wide. */
  private pass(plane: Plane, wanted: number, side: number, palette: Uint32Array): void {
    const { width, height } = this.canvas;
    const { points, state, codes, pixels } = this;
    const scale = (plane.scale * width) / plane.width;
    const left = width / 2 - plane.cx * scale;
    const top = height / 2 + plane.cy * scale;
    for (let i = 0; i < points.count; i++) {
      if (state[i] === HIDDEN || state[i] !== wanted) continue;
      const x0 = Math.round(left + points.x[i] * scale - side / 2);
      const y0 = Math.round(top - points.y[i] * scale - side / 2);
      if (x0 < 0 || y0 < 0 || x0 + side > width || y0 + side > height) continue;
      const colour = palette[codes[i]];
      for (let y = y0; y < y0 + side; y++) {
        for (let at = y * width + x0, end = at + side; at < end; at++) pixels[at] = colour;
      }
    }
  }
}

/** A colour as the four bytes of a pixel. */
const packed = ([r, g, b]: Colour) =>
  ((255 << 24) | (Math.round(255 * b) << 16) | (Math.round(255 * g) << 8) | Math.round(255 * r)) >>> 0;

/** Whether WebGL 2 is missing, or played by the processor. */
export function withoutCard(): boolean {
  const gl = document.createElement("canvas").getContext("webgl2");
  const name = gl?.getExtension("WEBGL_debug_renderer_info");
  return !gl || /swiftshader|llvmpipe|software/i.test(name ? String(gl.getParameter(name.UNMASKED_RENDERER_WEBGL)) : "");
}
