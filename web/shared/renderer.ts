// Draws points and thumbnails with WebGL 2: positions go to the card once, a frame sends a view.

import { mixed, type Colour } from "./colours";
import type { Plane } from "./plane";
import type { Drawer, Look, Points, Sheet } from "./drawer";

const POINTS = `#version 300 es
in vec2 at; in float kind; in float state;
uniform vec2 centre, zoom; uniform mediump float size; uniform vec3 palette[24], faint[24]; uniform vec3 marked;
flat out vec4 colour;
void main() {
  bool chosen = state > 1.5 && state < 2.5, pale = state > 2.5;
  gl_Position = vec4((at - centre) * zoom, chosen ? -0.5 : pale ? 0.5 : 0.0, 1.0);
  if (state < 0.5) gl_Position = vec4(9.0, 9.0, 9.0, 1.0);
  gl_PointSize = chosen ? size + 3.0 : size;
  colour = vec4(chosen ? marked : pale ? faint[int(kind)] : palette[int(kind)], 1.0);
}`;
const DOT = `#version 300 es
precision mediump float;
uniform mediump float size; flat in vec4 colour; out vec4 shown;
void main() {
  float edge = smoothstep(0.5, 0.5 - 1.5 / size, length(gl_PointCoord - 0.5));
  if (edge < 0.02) discard;
  shown = vec4(colour.rgb, edge);
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
  uv = (tile + 0.5 + corner * (side - 1.0)) * scale;
}`;
const PICTURE = `#version 300 es
precision mediump float;
in vec2 uv; uniform sampler2D sheet; uniform float strength; uniform vec3 paper; out vec4 shown;
void main() {
  vec4 seen = texture(sheet, uv);
  if (seen.a < 0.5) discard;
  shown = vec4(mix(paper, seen.rgb, strength), 1.0);
}`;

const PLACES = { at: 0, kind: 1, state: 2, corner: 1, tile: 2 };
const KINDS = 24;

export class Renderer implements Drawer {
  private readonly gl: WebGL2RenderingContext;
  private readonly dots: WebGLProgram;
  private readonly squares: WebGLProgram;
  private readonly tiles: WebGLProgram;
  private readonly pointArray: WebGLVertexArrayObject;
  private readonly tileArray: WebGLVertexArrayObject;
  private readonly kinds: WebGLBuffer;
  private readonly states: WebGLBuffer;
  private readonly tileAt: WebGLBuffer;
  private readonly tilePlace: WebGLBuffer;
  private readonly textures = new Map<number, WebGLTexture>();
  private palette: readonly Colour[] = [];

  /** Throws when the browser offers no WebGL 2. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly points: Points,
    state: Uint8Array,
  ) {
    const gl = canvas.getContext("webgl2", { antialias: false, alpha: false });
    if (!gl) throw new Error("This browser offers no WebGL 2.");
    this.gl = gl;
    this.dots = program(gl, POINTS, DOT);
    this.squares = program(gl, POINTS, SQUARE);
    this.tiles = program(gl, TILES, PICTURE);
    this.pointArray = gl.createVertexArray();
    gl.bindVertexArray(this.pointArray);
    const at = new Float32Array(2 * points.count);
    for (let i = 0; i < points.count; i++) {
      at[2 * i] = points.x[i];
      at[2 * i + 1] = points.y[i];
    }
    attribute(gl, PLACES.at, 2, gl.FLOAT, at);
    this.kinds = attribute(gl, PLACES.kind, 1, gl.UNSIGNED_BYTE, new Uint8Array(points.count));
    this.states = attribute(gl, PLACES.state, 1, gl.UNSIGNED_BYTE, state);
    this.tileArray = gl.createVertexArray();
    gl.bindVertexArray(this.tileArray);
    attribute(gl, PLACES.corner, 2, gl.FLOAT, new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]));
    this.tileAt = attribute(gl, PLACES.at, 2, gl.FLOAT, new Float32Array(2), 1);
    this.tilePlace = attribute(gl, PLACES.tile, 2, gl.FLOAT, new Float32Array(2), 1);
    gl.bindVertexArray(null);
  }
  setKinds(codes: Uint8Array, palette: readonly Colour[]): void {
    this.upload(this.kinds, codes);
    this.palette = palette.slice(0, KINDS);
  }
  setStates(state: Uint8Array): void {
    this.upload(this.states, state);
  }
  resize(ratio: number, plane: Plane): void {
    this.canvas.width = Math.round(plane.width * ratio);
    this.canvas.height = Math.round(plane.height * ratio);
  }
  draw(plane: Plane, look: Look): void {
    const { gl } = this;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(...look.paper, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    gl.depthFunc(gl.LEQUAL);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    const used = look.size > 4 ? this.dots : this.squares;
    gl.useProgram(used);
    this.aim(used, plane);
    gl.uniform1f(where(gl, used, "size"), look.size);
    gl.uniform3fv(where(gl, used, "palette"), flat(this.palette));
    gl.uniform3fv(where(gl, used, "faint"), flat(this.palette.map((colour) => mixed(colour, look.paper, look.fade))));
    gl.uniform3fv(where(gl, used, "marked"), look.marked);
    gl.bindVertexArray(this.pointArray);
    gl.drawArrays(gl.POINTS, 0, this.points.count);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.BLEND);
  }
  drawTiles(plane: Plane, look: Look, size: number, side: number, sheet: Sheet, number: number, rows: readonly number[], places: readonly number[], strength: number): void {
    const { gl } = this;
    gl.useProgram(this.tiles);
    this.aim(this.tiles, plane);
    gl.uniform2f(where(gl, this.tiles, "extent"), (2 * size) / plane.width, (2 * size) / plane.height);
    gl.uniform2f(where(gl, this.tiles, "scale"), 1 / sheet.width, 1 / sheet.height);
    gl.uniform1f(where(gl, this.tiles, "side"), side);
    gl.uniform1f(where(gl, this.tiles, "strength"), strength);
    gl.uniform3fv(where(gl, this.tiles, "paper"), look.paper);
    gl.bindTexture(gl.TEXTURE_2D, this.texture(number, sheet));
    const at = new Float32Array(2 * rows.length);
    rows.forEach((row, i) => at.set([this.points.x[row], this.points.y[row]], 2 * i));
    this.upload(this.tileAt, at);
    this.upload(this.tilePlace, new Float32Array(places));
    gl.bindVertexArray(this.tileArray);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, rows.length);
  }
  drop(number: number): void {
    this.gl.deleteTexture(this.textures.get(number) ?? null);
    this.textures.delete(number);
  }
  close(): void {
    this.textures.forEach((texture) => this.gl.deleteTexture(texture));
    this.canvas.width = this.canvas.height = 1;
  }
  private upload(buffer: WebGLBuffer, data: Uint8Array | Float32Array): void {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, buffer);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, data, this.gl.DYNAMIC_DRAW);
  }
  private texture(number: number, sheet: Sheet): WebGLTexture {
    const { gl } = this;
    const kept = this.textures.get(number);
    if (kept) return kept;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, sheet);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    this.textures.set(number, texture);
    return texture;
  }
  private aim(used: WebGLProgram, plane: Plane): void {
    const { gl } = this;
    gl.uniform2f(where(gl, used, "centre"), plane.cx, plane.cy);
    gl.uniform2f(where(gl, used, "zoom"), (2 * plane.scale) / plane.width, (2 * plane.scale) / plane.height);
  }
}

const where = (gl: WebGL2RenderingContext, used: WebGLProgram, name: string) => gl.getUniformLocation(used, name);

function flat(colours: readonly Colour[]): Float32Array {
  const numbers = new Float32Array(3 * KINDS);
  colours.forEach((colour, i) => numbers.set(colour, 3 * i));
  return numbers;
}

function program(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
  const made = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  for (const [name, place] of Object.entries(PLACES)) gl.bindAttribLocation(made, place, name);
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made) ?? "no shader");
  return made;
}

function attribute(gl: WebGL2RenderingContext, place: number, size: number, type: number, data: Uint8Array | Float32Array, divisor = 0): WebGLBuffer {
  const buffer = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
  gl.enableVertexAttribArray(place);
  gl.vertexAttribPointer(place, size, type, false, 0, 0);
  gl.vertexAttribDivisor(place, divisor);
  return buffer;
}
