// Draws points and thumbnails with WebGL 2: positions go to the card once, a frame sends a view.

const POINTS = `#version 300 es
in vec2 at; in float kind; in float state;
uniform vec2 centre, zoom; uniform float size; uniform vec3 palette[24]; uniform vec3 marked;
flat out vec4 colour;
void main() {
  gl_Position = vec4((at - centre) * zoom, 0.0, 1.0);
  if (state < 0.5) gl_Position = vec4(9.0, 9.0, 9.0, 1.0);
  bool chosen = state > 1.5;
  gl_PointSize = chosen ? size + 3.0 : size;
  colour = vec4(chosen ? marked : palette[int(kind)], 1.0);
}`;
const DOT = `#version 300 es
precision mediump float;
flat in vec4 colour; out vec4 shown;
void main() {
  vec2 off = gl_PointCoord - 0.5;
  if (dot(off, off) > 0.25) discard;
  shown = colour;
}`;
const SQUARE = `#version 300 es
precision mediump float;
flat in vec4 colour; out vec4 shown;
void main() { shown = colour; }`;
const TILES = `#version 300 es
in vec2 corner; in vec2 at; in vec2 tile;
uniform vec2 centre, zoom, extent, scale; uniform float side;
out vec2 uv;
void main() {
  gl_Position = vec4((at - centre) * zoom + (corner - 0.5) * extent * vec2(1.0, -1.0), 0.0, 1.0);
  uv = (tile + corner * side) * scale;
}`;
const PICTURE = `#version 300 es
precision mediump float;
in vec2 uv; uniform sampler2D sheet; out vec4 shown;
void main() { shown = texture(sheet, uv); if (shown.a < 0.5) discard; }`;

const PLACES = { at: 0, kind: 1, state: 2, corner: 1, tile: 2 };

export class Renderer {
  /** Throws when the browser offers no WebGL 2. `state` (n,) is 0 hidden, 1 shown, 2 selected. */
  constructor(canvas, map, state) {
    const gl = canvas.getContext("webgl2", { antialias: false, alpha: false });
    if (!gl) throw new Error("This browser offers no WebGL 2.");
    this.gl = gl;
    this.canvas = canvas;
    this.map = map;
    this.dots = program(gl, POINTS, DOT);
    this.squares = program(gl, POINTS, SQUARE);
    this.tiles = program(gl, TILES, PICTURE);
    this.textures = new Map();
    this.pointArray = gl.createVertexArray();
    gl.bindVertexArray(this.pointArray);
    const at = new Float32Array(2 * map.count);
    for (let i = 0; i < map.count; i++) {
      at[2 * i] = map.x[i];
      at[2 * i + 1] = map.y[i];
    }
    attribute(gl, PLACES.at, 2, gl.FLOAT, at);
    this.kinds = attribute(gl, PLACES.kind, 1, gl.UNSIGNED_BYTE, new Uint8Array(map.count));
    this.states = attribute(gl, PLACES.state, 1, gl.UNSIGNED_BYTE, state);
    this.tileArray = gl.createVertexArray();
    gl.bindVertexArray(this.tileArray);
    attribute(gl, PLACES.corner, 2, gl.FLOAT, new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]));
    this.tileAt = attribute(gl, PLACES.at, 2, gl.FLOAT, new Float32Array(2), 1);
    this.tilePlace = attribute(gl, PLACES.tile, 2, gl.FLOAT, new Float32Array(2), 1);
    gl.bindVertexArray(null);
  }
  setKinds(codes, palette) {
    this.upload(this.kinds, codes);
    this.palette = new Float32Array(72);
    palette.forEach((colour, i) => this.palette.set(colour, 3 * i));
  }
  setStates(state) {
    this.upload(this.states, state);
  }
  upload(buffer, data) {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, buffer);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, data, this.gl.DYNAMIC_DRAW);
  }
  resize(ratio, view) {
    this.canvas.width = Math.round(view.width * ratio);
    this.canvas.height = Math.round(view.height * ratio);
  }
  /** `look`: {paper, marked, size, round}, colours sRGB 0..1, size in device pixels. */
  draw(view, look) {
    const gl = this.gl;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(...look.paper, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const used = look.round ? this.dots : this.squares;
    gl.useProgram(used);
    this.aim(used, view);
    gl.uniform1f(where(gl, used, "size"), look.size);
    gl.uniform3fv(where(gl, used, "palette"), this.palette);
    gl.uniform3fv(where(gl, used, "marked"), look.marked);
    gl.bindVertexArray(this.pointArray);
    gl.drawArrays(gl.POINTS, 0, this.map.count);
  }
  /** Thumbnails `size` CSS pixels wide of some rows that share a sheet. */
  drawTiles(view, size, bitmap, number, rows, places) {
    const gl = this.gl;
    gl.useProgram(this.tiles);
    this.aim(this.tiles, view);
    gl.uniform2f(where(gl, this.tiles, "extent"), (2 * size) / view.width, (2 * size) / view.height);
    gl.uniform2f(where(gl, this.tiles, "scale"), 1 / bitmap.width, 1 / bitmap.height);
    gl.uniform1f(where(gl, this.tiles, "side"), this.map.side);
    gl.bindTexture(gl.TEXTURE_2D, this.texture(number, bitmap));
    const at = new Float32Array(2 * rows.length);
    rows.forEach((row, i) => at.set([this.map.x[row], this.map.y[row]], 2 * i));
    this.upload(this.tileAt, at);
    this.upload(this.tilePlace, new Float32Array(places));
    gl.bindVertexArray(this.tileArray);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, rows.length);
  }
  drop(number) {
    this.gl.deleteTexture(this.textures.get(number) ?? null);
    this.textures.delete(number);
  }
  texture(number, bitmap) {
    const gl = this.gl;
    if (!this.textures.has(number)) {
      const texture = gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
      this.textures.set(number, texture);
    }
    return this.textures.get(number);
  }
  aim(used, view) {
    const gl = this.gl;
    gl.uniform2f(where(gl, used, "centre"), view.cx, view.cy);
    gl.uniform2f(where(gl, used, "zoom"), (2 * view.scale) / view.width, (2 * view.scale) / view.height);
  }
}

const where = (gl, used, name) => gl.getUniformLocation(used, name);

function program(gl, vertex, fragment) {
  const made = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  for (const [name, place] of Object.entries(PLACES)) gl.bindAttribLocation(made, place, name);
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made));
  return made;
}

function attribute(gl, place, size, type, data, divisor = 0) {
  const buffer = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
  gl.enableVertexAttribArray(place);
  gl.vertexAttribPointer(place, size, type, false, 0, 0);
  gl.vertexAttribDivisor(place, divisor);
  return buffer;
}
