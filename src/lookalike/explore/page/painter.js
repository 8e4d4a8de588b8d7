// Draws points and thumbnails without a graphics card: pixel by pixel, which is then the faster way.

export class Painter {
  /** The same as a `Renderer`, on a 2D canvas. `state` (n,) is 0 hidden, 1 shown, 2 selected. */
  constructor(canvas, map, state) {
    this.canvas = canvas;
    this.map = map;
    this.state = state;
    this.pen = canvas.getContext("2d", { alpha: false });
  }
  setKinds(codes, palette) {
    this.codes = codes;
    this.palette = Uint32Array.from(palette, packed);
  }
  setStates(state) {
    this.state = state;
  }
  resize(ratio, view) {
    this.canvas.width = Math.round(view.width * ratio);
    this.canvas.height = Math.round(view.height * ratio);
    this.image = this.pen.createImageData(this.canvas.width, this.canvas.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }
  /** `look`: {paper, marked, size}, colours sRGB 0..1, size in device pixels. */
  draw(view, look) {
    const { width, height } = this.canvas;
    const { map, state, codes, palette, pixels } = this;
    pixels.fill(packed(look.paper));
    const scale = (view.scale * width) / view.width;
    const left = width / 2 - view.cx * scale;
    const top = height / 2 + view.cy * scale;
    const size = Math.max(1, Math.round(look.size));
    const marked = packed(look.marked);
    for (let i = 0; i < map.count; i++) {
      if (!state[i]) continue;
      const chosen = state[i] === 2;
      const side = chosen ? size + 3 : size;
      const x0 = Math.round(left + map.x[i] * scale - side / 2);
      const y0 = Math.round(top - map.y[i] * scale - side / 2);
      if (x0 < 0 || y0 < 0 || x0 + side > width || y0 + side > height) continue;
      const colour = chosen ? marked : palette[codes[i]];
      for (let y = y0; y < y0 + side; y++) {
        for (let at = y * width + x0, end = at + side; at < end; at++) pixels[at] = colour;
      }
    }
    this.pen.putImageData(this.image, 0, 0);
  }
  /** Thumbnails `size` CSS pixels wide of some rows that share a sheet. */
  drawTiles(view, size, bitmap, _number, rows, places) {
    const ratio = this.canvas.width / view.width;
    const { side } = this.map;
    rows.forEach((row, i) => {
      const [px, py] = view.toPixels(this.map.x[row], this.map.y[row]);
      this.pen.drawImage(bitmap, places[2 * i], places[2 * i + 1], side, side,
        (px - size / 2) * ratio, (py - size / 2) * ratio, size * ratio, size * ratio);
    });
  }
  drop() {}
}

/** A colour, sRGB 0..1, as the four bytes of a pixel. */
const packed = ([r, g, b]) =>
  (255 << 24) | (Math.round(255 * b) << 16) | (Math.round(255 * g) << 8) | Math.round(255 * r);

/** Whether WebGL 2 is missing, or played by the processor. */
export function withoutCard() {
  const gl = document.createElement("canvas").getContext("webgl2");
  const name = gl?.getExtension("WEBGL_debug_renderer_info");
  return !gl || /swiftshader|llvmpipe|software/i.test(name ? gl.getParameter(name.UNMASKED_RENDERER_WEBGL) : "");
}
