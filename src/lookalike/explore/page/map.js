(function() {
	// shared/colours.ts
	var GREY = [
		.55,
		.56,
		.57
	];
	/** What points are coloured by no column with. */
	var PLAIN = [
		.1,
		.55,
		.5
	];
	/** sRGB of OKLCH (Ottosson, "A perceptual color space for image processing", 2020). */
	function oklch(lightness, chroma, degrees) {
		const a = chroma * Math.cos(degrees * Math.PI / 180);
		const b = chroma * Math.sin(degrees * Math.PI / 180);
		const l = (lightness + .3963377774 * a + .2158037573 * b) ** 3;
		const m = (lightness - .1055613458 * a - .0638541728 * b) ** 3;
		const s = (lightness - .0894841775 * a - 1.291485548 * b) ** 3;
		const shown = (value) => {
			const v = Math.min(1, Math.max(0, value));
			return v <= .0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - .055;
		};
		return [
			shown(4.0767416621 * l - 3.3077115913 * m + .2309699292 * s),
			shown(-1.2684380046 * l + 2.6097574011 * m - .3413193965 * s),
			shown(-.0041960863 * l - .7034186147 * m + 1.707614701 * s)
		];
	}
	/** A colour for each name of a column; those that are no kind are grey. */
	function coloursOf(column, dark) {
		const base = dark ? .74 : .62;
		return column.names.map((_, i) => {
			if (i >= column.kinds) return GREY;
			if (column.ordered) {
				const t = column.kinds > 1 ? i / (column.kinds - 1) : 0;
				return oklch(dark ? .5 + .4 * t : .85 - .5 * t, .13, 250 - 60 * t);
			}
			return oklch(base + [
				0,
				.12,
				-.12
			][i % 3], .15, (25 + i * 137.508) % 360);
		});
	}
	var css = (colour) => `rgb(${colour.map((v) => Math.round(255 * v)).join(" ")})`;
	/** `colour`, moved by `share` 0..1 towards `other`. */
	var mixed = (colour, other, share) => [
		colour[0] + share * (other[0] - colour[0]),
		colour[1] + share * (other[1] - colour[1]),
		colour[2] + share * (other[2] - colour[2])
	];
	// shared/painter.ts
	var Painter = class {
		canvas;
		points;
		state;
		pen;
		codes = /* @__PURE__ */ new Uint8Array(0);
		palette = [];
		image = new ImageData(1, 1);
		pixels = /* @__PURE__ */ new Uint32Array(1);
		constructor(canvas, points, state) {
			this.canvas = canvas;
			this.points = points;
			this.state = state;
			this.pen = canvas.getContext("2d", { alpha: false });
		}
		setKinds(codes, palette) {
			this.codes = codes;
			this.palette = palette;
		}
		setStates(state) {
			this.state = state;
		}
		resize(ratio, plane) {
			this.canvas.width = Math.max(1, Math.round(plane.width * ratio));
			this.canvas.height = Math.max(1, Math.round(plane.height * ratio));
			this.image = this.pen.createImageData(this.canvas.width, this.canvas.height);
			this.pixels = new Uint32Array(this.image.data.buffer);
		}
		draw(plane, look) {
			this.pixels.fill(packed(look.paper));
			const size = Math.max(1, Math.round(look.size));
			const faint = Uint32Array.from(this.palette.map((colour) => packed(mixed(colour, look.paper, look.fade))));
			const shown = Uint32Array.from(this.palette.map(packed));
			const marked = shown.slice().fill(packed(look.marked));
			if (this.state.includes(3)) this.pass(plane, 3, size, faint);
			this.pass(plane, 1, size, shown);
			if (this.state.includes(2)) this.pass(plane, 2, size + 3, marked);
			this.pen.putImageData(this.image, 0, 0);
		}
		drawTiles(plane, _look, size, side, sheet, _number, rows, places, strength) {
			const ratio = this.canvas.width / plane.width;
			this.pen.globalAlpha = strength;
			rows.forEach((row, i) => {
				const [px, py] = plane.toPixels(this.points.x[row], this.points.y[row]);
				this.pen.drawImage(sheet, places[2 * i], places[2 * i + 1], side, side, (px - size / 2) * ratio, (py - size / 2) * ratio, size * ratio, size * ratio);
			});
			this.pen.globalAlpha = 1;
		}
		drop() {}
		close() {}
		/** Paints the points of one state, `side` device pixels wide. */
		pass(plane, wanted, side, palette) {
			const { width, height } = this.canvas;
			const { points, state, codes, pixels } = this;
			const scale = plane.scale * width / plane.width;
			const left = width / 2 - plane.cx * scale;
			const top = height / 2 + plane.cy * scale;
			for (let i = 0; i < points.count; i++) {
				if (state[i] === 0 || state[i] !== wanted) continue;
				const x0 = Math.round(left + points.x[i] * scale - side / 2);
				const y0 = Math.round(top - points.y[i] * scale - side / 2);
				if (x0 < 0 || y0 < 0 || x0 + side > width || y0 + side > height) continue;
				const colour = palette[codes[i]];
				for (let y = y0; y < y0 + side; y++) for (let at = y * width + x0, end = at + side; at < end; at++) pixels[at] = colour;
			}
		}
	};
	/** A colour as the four bytes of a pixel. */
	var packed = ([r, g, b]) => (255 << 24 | Math.round(255 * b) << 16 | Math.round(255 * g) << 8 | Math.round(255 * r)) >>> 0;
	/** Whether WebGL 2 is missing, or played by the processor. */
	function withoutCard() {
		const gl = document.createElement("canvas").getContext("webgl2");
		const name = gl?.getExtension("WEBGL_debug_renderer_info");
		return !gl || /swiftshader|llvmpipe|software/i.test(name ? String(gl.getParameter(name.UNMASKED_RENDERER_WEBGL)) : "");
	}
	// shared/renderer.ts
	var POINTS = `#version 300 es
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
	var DOT = `#version 300 es
precision mediump float;
uniform mediump float size; flat in vec4 colour; out vec4 shown;
void main() {
  float edge = smoothstep(0.5, 0.5 - 1.5 / size, length(gl_PointCoord - 0.5));
  if (edge < 0.02) discard;
  shown = vec4(colour.rgb, edge);
}`;
	var SQUARE = `#version 300 es
precision mediump float;
flat in vec4 colour; out vec4 shown;
void main() { shown = colour; }`;
	var TILES = `#version 300 es
in vec2 corner; in vec2 at; in vec2 tile;
uniform vec2 centre, zoom, extent, scale; uniform float side;
out vec2 uv;
void main() {
  gl_Position = vec4((at - centre) * zoom + (corner - 0.5) * extent * vec2(1.0, -1.0), 0.0, 1.0);
  uv = (tile + 0.5 + corner * (side - 1.0)) * scale;
}`;
	var PICTURE = `#version 300 es
precision mediump float;
in vec2 uv; uniform sampler2D sheet; uniform float strength; uniform vec3 paper; out vec4 shown;
void main() {
  vec4 seen = texture(sheet, uv);
  if (seen.a < 0.5) discard;
  shown = vec4(mix(paper, seen.rgb, strength), 1.0);
}`;
	var PLACES = {
		at: 0,
		kind: 1,
		state: 2,
		corner: 1,
		tile: 2
	};
	var KINDS = 24;
	var Renderer = class {
		canvas;
		points;
		gl;
		dots;
		squares;
		tiles;
		pointArray;
		tileArray;
		kinds;
		states;
		tileAt;
		tilePlace;
		textures = /* @__PURE__ */ new Map();
		palette = [];
		/** Throws when the browser offers no WebGL 2. */
		constructor(canvas, points, state) {
			this.canvas = canvas;
			this.points = points;
			const gl = canvas.getContext("webgl2", {
				antialias: false,
				alpha: false
			});
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
			attribute(gl, PLACES.corner, 2, gl.FLOAT, new Float32Array([
				0,
				0,
				1,
				0,
				0,
				1,
				1,
				1
			]));
			this.tileAt = attribute(gl, PLACES.at, 2, gl.FLOAT, /* @__PURE__ */ new Float32Array(2), 1);
			this.tilePlace = attribute(gl, PLACES.tile, 2, gl.FLOAT, /* @__PURE__ */ new Float32Array(2), 1);
			gl.bindVertexArray(null);
		}
		setKinds(codes, palette) {
			this.upload(this.kinds, codes);
			this.palette = palette.slice(0, KINDS);
		}
		setStates(state) {
			this.upload(this.states, state);
		}
		resize(ratio, plane) {
			this.canvas.width = Math.round(plane.width * ratio);
			this.canvas.height = Math.round(plane.height * ratio);
		}
		draw(plane, look) {
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
		drawTiles(plane, look, size, side, sheet, number, rows, places, strength) {
			const { gl } = this;
			gl.useProgram(this.tiles);
			this.aim(this.tiles, plane);
			gl.uniform2f(where(gl, this.tiles, "extent"), 2 * size / plane.width, 2 * size / plane.height);
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
		drop(number) {
			this.gl.deleteTexture(this.textures.get(number) ?? null);
			this.textures.delete(number);
		}
		close() {
			this.textures.forEach((texture) => this.gl.deleteTexture(texture));
			this.canvas.width = this.canvas.height = 1;
		}
		upload(buffer, data) {
			this.gl.bindBuffer(this.gl.ARRAY_BUFFER, buffer);
			this.gl.bufferData(this.gl.ARRAY_BUFFER, data, this.gl.DYNAMIC_DRAW);
		}
		texture(number, sheet) {
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
		aim(used, plane) {
			const { gl } = this;
			gl.uniform2f(where(gl, used, "centre"), plane.cx, plane.cy);
			gl.uniform2f(where(gl, used, "zoom"), 2 * plane.scale / plane.width, 2 * plane.scale / plane.height);
		}
	};
	var where = (gl, used, name) => gl.getUniformLocation(used, name);
	function flat(colours) {
		const numbers = /* @__PURE__ */ new Float32Array(72);
		colours.forEach((colour, i) => numbers.set(colour, 3 * i));
		return numbers;
	}
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
		if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made) ?? "no shader");
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
	// shared/drawer.ts
	var MANY = 2e4;
	function makeDrawer(canvas, points, state) {
		if (points.count > MANY && withoutCard()) return new Painter(canvas, points, state);
		try {
			return new Renderer(canvas, points, state);
		} catch {
			return new Painter(canvas, points, state);
		}
	}
	// shared/gestures.ts
	var STILL = 3;
	var STEP = 60;
	var NEARER = 1.3;
	/** Lets a map follow what a person does on its stage; what it returns ends that. */
	function follow(scatter) {
		const { stage, plane } = scatter;
		const over = new AbortController();
		const { signal } = over;
		const fingers = /* @__PURE__ */ new Map();
		let drag = null;
		const placeOf = (event) => {
			const box = stage.getBoundingClientRect();
			return [event.clientX - box.left, event.clientY - box.top];
		};
		const apart = () => {
			const [a, b] = [...fingers.values()];
			return {
				far: Math.max(1, Math.hypot(a[0] - b[0], a[1] - b[1])),
				middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]
			};
		};
		const drop = () => {
			drag = null;
			scatter.line = null;
			scatter.redraw();
		};
		stage.addEventListener("pointerdown", (event) => {
			if (event.button !== 0 || event.target.closest("button, a, input, select")) return;
			const at = placeOf(event);
			fingers.set(event.pointerId, at);
			stage.setPointerCapture(event.pointerId);
			stage.focus({ preventScroll: true });
			if (fingers.size > 1) return drop();
			const how = event.shiftKey ? "box" : event.altKey ? "lasso" : scatter.drawing;
			drag = {
				how,
				from: at,
				last: at,
				moved: false,
				add: event.ctrlKey || event.metaKey
			};
			scatter.line = how === "pan" ? null : [at];
		}, { signal });
		stage.addEventListener("pointermove", (event) => {
			const at = placeOf(event);
			if (fingers.size === 2 && fingers.has(event.pointerId)) {
				const before = apart();
				fingers.set(event.pointerId, at);
				const now = apart();
				plane.pan(now.middle[0] - before.middle[0], now.middle[1] - before.middle[1]);
				plane.zoom(now.far / before.far, ...now.middle);
				return scatter.redraw();
			}
			if (fingers.has(event.pointerId)) fingers.set(event.pointerId, at);
			if (!drag) return fingers.size ? void 0 : scatter.hover(scatter.at(...at), ...at);
			if (Math.hypot(at[0] - drag.from[0], at[1] - drag.from[1]) > STILL) drag.moved = true;
			if (drag.how === "pan") plane.pan(at[0] - drag.last[0], at[1] - drag.last[1]);
			else if (drag.how === "lasso") scatter.line?.push(at);
			else scatter.line = [
				drag.from,
				[at[0], drag.from[1]],
				at,
				[drag.from[0], at[1]]
			];
			drag.last = at;
			scatter.hover(-1);
			return scatter.redraw();
		}, { signal });
		stage.addEventListener("pointerup", (event) => {
			fingers.delete(event.pointerId);
			if (!drag) return;
			const { how, moved, add, from } = drag;
			const line = scatter.line;
			drop();
			if (!moved) {
				const row = scatter.at(...from);
				if (row >= 0) scatter.click(row, add);
				if (row >= 0 && event.pointerType === "touch") scatter.hover(row, ...from);
			} else if (how !== "pan" && line) scatter.selectInside(line, add);
		}, { signal });
		stage.addEventListener("pointercancel", (event) => {
			fingers.delete(event.pointerId);
			drop();
		}, { signal });
		stage.addEventListener("pointerleave", (event) => {
			if (!drag && event.pointerType === "mouse") scatter.hover(-1);
		}, { signal });
		stage.addEventListener("wheel", (event) => {
			event.preventDefault();
			plane.zoom(Math.exp(-event.deltaY * (event.deltaMode ? .05 : .0015)), ...placeOf(event));
			scatter.redraw();
		}, {
			passive: false,
			signal
		});
		const keys = {
			ArrowLeft: () => plane.pan(STEP, 0),
			ArrowRight: () => plane.pan(-60, 0),
			ArrowUp: () => plane.pan(0, STEP),
			ArrowDown: () => plane.pan(0, -60),
			"+": () => plane.zoom(NEARER),
			"=": () => plane.zoom(NEARER),
			"-": () => plane.zoom(1 / NEARER),
			0: () => plane.fit(),
			p: () => scatter.setMode("pan"),
			b: () => scatter.setMode("box"),
			l: () => scatter.setMode("lasso"),
			n: () => scatter.hover(scatter.middle()),
			Enter: () => scatter.hoveredRow >= 0 && scatter.click(scatter.hoveredRow, true),
			Escape: () => scatter.select([])
		};
		stage.addEventListener("keydown", (event) => {
			const act = keys[event.key];
			if (!act || event.target !== stage || event.ctrlKey || event.metaKey || event.altKey) return;
			event.preventDefault();
			act();
			if (event.key.startsWith("Arrow")) scatter.hover(scatter.middle());
			scatter.redraw();
		}, { signal });
		return () => over.abort();
	}
	// shared/plane.ts
	/** A view of `width` x `height` CSS pixels on the plane -1..1; `scale` is pixels a unit. */
	var Plane = class {
		width = 1;
		height = 1;
		cx = 0;
		cy = 0;
		scale = 1;
		constructor(width, height) {
			this.resize(width, height);
			this.fit();
		}
		/** Keeps showing everything where everything was shown. */
		resize(width, height) {
			const fitted = this.isFitted;
			this.width = Math.max(1, width);
			this.height = Math.max(1, height);
			if (fitted) this.fit();
		}
		fit() {
			this.cx = 0;
			this.cy = 0;
			this.scale = this.fitted;
		}
		get fitted() {
			return .47 * Math.min(this.width, this.height);
		}
		get isFitted() {
			return Math.abs(this.scale - this.fitted) < 1e-9;
		}
		/** Powers of two by which it is nearer than when everything is seen. */
		get zoomed() {
			return Math.log2(this.scale / this.fitted);
		}
		toPixels(x, y) {
			return [this.width / 2 + (x - this.cx) * this.scale, this.height / 2 - (y - this.cy) * this.scale];
		}
		toMap(px, py) {
			return [this.cx + (px - this.width / 2) / this.scale, this.cy - (py - this.height / 2) / this.scale];
		}
		pan(dx, dy) {
			this.cx -= dx / this.scale;
			this.cy += dy / this.scale;
		}
		/** Zooms around a place in pixels, by default the middle. */
		zoom(factor, px = this.width / 2, py = this.height / 2) {
			const [x, y] = this.toMap(px, py);
			this.scale = Math.min(Math.max(this.scale * factor, this.fitted / 2), this.fitted * 5e3);
			this.cx = x - (px - this.width / 2) / this.scale;
			this.cy = y + (py - this.height / 2) / this.scale;
		}
	};
	var CELLS = 256;
	var cell = (value) => Math.min(255, Math.max(0, Math.floor((value + 1) / 2 * CELLS)));
	/** Points in the cells of a grid, so that a few are looked at instead of all. */
	var Cells = class {
		x;
		y;
		starts = /* @__PURE__ */ new Uint32Array(65537);
		rows;
		constructor(x, y) {
			this.x = x;
			this.y = y;
			this.rows = new Uint32Array(x.length);
			for (let i = 0; i < x.length; i++) this.starts[cell(y[i]) * CELLS + cell(x[i]) + 1]++;
			for (let c = 0; c < CELLS * CELLS; c++) this.starts[c + 1] += this.starts[c];
			const next = this.starts.slice();
			for (let i = 0; i < x.length; i++) this.rows[next[cell(y[i]) * CELLS + cell(x[i])]++] = i;
		}
		/** No fewer points than a rectangle holds: those of all cells that it touches. */
		atMost(x0, y0, x1, y1) {
			let count = 0;
			for (let down = cell(y0); down <= cell(y1); down++) count += this.starts[down * CELLS + cell(x1) + 1] - this.starts[down * CELLS + cell(x0)];
			return count;
		}
		/** Calls `found(row)` for every point of a rectangle. */
		within(x0, y0, x1, y1, found) {
			for (let down = cell(y0); down <= cell(y1); down++) {
				const end = this.starts[down * CELLS + cell(x1) + 1];
				for (let i = this.starts[down * CELLS + cell(x0)]; i < end; i++) {
					const row = this.rows[i];
					const x = this.x[row];
					const y = this.y[row];
					if (x >= x0 && x <= x1 && y >= y0 && y <= y1) found(row);
				}
			}
		}
		/** The point nearest to a place within `reach`, of those that `allowed(row)`; -1 for none. */
		nearest(x, y, reach, allowed) {
			let best = -1;
			let least = reach * reach;
			this.within(x - reach, y - reach, x + reach, y + reach, (row) => {
				const distance = (this.x[row] - x) ** 2 + (this.y[row] - y) ** 2;
				if (distance <= least && allowed(row)) {
					least = distance;
					best = row;
				}
			});
			return best;
		}
	};
	/** Whether a place lies inside a closed line (crossings of a ray). */
	function inside(x, y, line) {
		let within = false;
		for (let i = 0, j = line.length - 1; i < line.length; j = i++) {
			const [xi, yi] = line[i];
			const [xj, yj] = line[j];
			if (yi > y !== yj > y && x < (xj - xi) * (y - yi) / (yj - yi) + xi) within = !within;
		}
		return within;
	}
	// shared/scatter.ts
	var RINGED = 24;
	var REACH = 10;
	var ROOM = 22;
	var LARGEST = 160;
	var OVERLAP = 2.4;
	var SAMPLED = 300;
	var Scatter = class {
		stage;
		points;
		pictures;
		heard;
		plane;
		selected = /* @__PURE__ */ new Set();
		/** The line of a box or lasso being drawn, in pixels. */
		line = null;
		hoveredRow = -1;
		/** Pixels of the thumbnails in view; 0 while points are shown. */
		tileSize = 0;
		canvas = document.createElement("canvas");
		over = document.createElement("canvas");
		state;
		cells;
		/** How far apart points are in the middle of cases, in units of the plane. */
		nearby;
		drawer;
		watcher;
		unfollow;
		shown = null;
		lit = null;
		ringed = [];
		centre = -1;
		tileRows = [];
		asked = false;
		dark = false;
		paper = [
			1,
			1,
			1
		];
		mode = "pan";
		/** Draws into `stage`, which has a position; without `pictures` points stay points. */
		constructor(stage, points, pictures, heard) {
			this.stage = stage;
			this.points = points;
			this.pictures = pictures;
			this.heard = heard;
			this.state = new Uint8Array(points.count).fill(1);
			this.plane = new Plane(stage.clientWidth, stage.clientHeight);
			this.cells = new Cells(points.x, points.y);
			this.nearby = spacing(points, this.cells);
			for (const canvas of [this.over, this.canvas]) {
				canvas.className = "scatter";
				canvas.setAttribute("aria-hidden", "true");
				stage.prepend(canvas);
			}
			this.drawer = makeDrawer(this.canvas, points, this.state);
			this.drawer.setKinds(new Uint8Array(points.count), [PLAIN]);
			pictures?.listen(() => this.redraw(), (number) => this.drawer.drop(number));
			this.unfollow = follow(this);
			this.setMode("pan");
			this.watcher = new ResizeObserver(() => this.resize());
			this.watcher.observe(stage);
			this.resize();
		}
		/** Colours: a kind for each row and a colour for each kind, on paper of the stage's own colour. */
		paint(codes, colours, dark) {
			this.dark = dark;
			this.paper = colourOf(getComputedStyle(this.stage).backgroundColor) ?? (dark ? [
				.07,
				.08,
				.09
			] : [
				.98,
				.98,
				.97
			]);
			this.drawer.setKinds(codes, colours);
			this.redraw();
		}
		/** Shows only rows that `shown(row)`; null for all. Returns how many that are. */
		filter(shown) {
			this.shown = shown;
			return this.restate();
		}
		/** Makes all but some rows pale, rings the first of them, and one more strongly; null lights all. */
		light(rows, centre = -1) {
			this.lit = rows && /* @__PURE__ */ new Set([...Array.from(rows), ...centre >= 0 ? [centre] : []]);
			this.ringed = rows ? Array.from({ length: Math.min(RINGED, rows.length) }, (_, i) => rows[i]) : [];
			this.centre = centre;
			this.restate();
		}
		select(rows, add = false) {
			if (!add) this.selected.clear();
			for (const row of rows) this.selected.add(row);
			this.restate();
			this.heard.selected?.([...this.selected].sort((a, b) => a - b));
		}
		selectInside(line, add) {
			const corners = line.map(([px, py]) => this.plane.toMap(px, py));
			const xs = corners.map((corner) => corner[0]);
			const ys = corners.map((corner) => corner[1]);
			const rows = [];
			this.cells.within(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys), (row) => {
				if (this.isShown(row) && inside(this.points.x[row], this.points.y[row], corners)) rows.push(row);
			});
			this.select(rows, add);
		}
		click(row, add) {
			if (this.heard.clicked) this.heard.clicked(row);
			else this.select([row], add);
		}
		setMode(mode) {
			this.mode = mode;
			this.stage.dataset.mode = mode;
			this.heard.moded?.(mode);
		}
		get drawing() {
			return this.mode;
		}
		hover(row, px, py) {
			const other = row !== this.hoveredRow;
			this.hoveredRow = row;
			if (row < 0) {
				if (other) this.heard.hovered?.(-1, 0, 0);
			} else {
				const [x, y] = px === void 0 || py === void 0 ? this.pixels(row) : [px, py];
				this.heard.hovered?.(row, x, y);
			}
			if (other) this.redraw();
		}
		/** The row of the point at a place in pixels, -1 for none. */
		at(px, py) {
			const [x, y] = this.plane.toMap(px, py);
			const reach = Math.max(REACH, this.tileSize / 2) / this.plane.scale;
			return this.cells.nearest(x, y, reach, (row) => this.isShown(row));
		}
		/** The point nearest to the middle of the view: what the keyboard points at. */
		middle() {
			const { cx, cy, width, height, scale } = this.plane;
			return this.cells.nearest(cx, cy, Math.max(width, height) / scale, (row) => this.isShown(row));
		}
		/** Where a row is, in CSS pixels of the stage. */
		pixels(row) {
			return this.plane.toPixels(this.points.x[row], this.points.y[row]);
		}
		/** Brings a row to the middle, and zooms. */
		goTo(row, factor = 1) {
			this.plane.zoom(factor);
			this.plane.cx = this.points.x[row];
			this.plane.cy = this.points.y[row];
			this.redraw();
		}
		isShown(row) {
			return this.state[row] !== 0;
		}
		redraw() {
			if (this.asked) return;
			this.asked = true;
			requestAnimationFrame(() => {
				this.asked = false;
				this.draw();
			});
		}
		draw() {
			const look = this.look();
			this.drawer.draw(this.plane, look);
			this.tileRows = this.thumbnailsInView();
			if (this.tileSize && this.pictures) this.drawThumbnails(this.pictures, look);
			this.drawOver();
		}
		close() {
			this.watcher.disconnect();
			this.unfollow();
			this.drawer.close();
			this.canvas.remove();
			this.over.remove();
		}
		get ratio() {
			return Math.min(2, window.devicePixelRatio || 1);
		}
		resize() {
			this.plane.resize(this.stage.clientWidth, this.stage.clientHeight);
			this.drawer.resize(this.ratio, this.plane);
			this.over.width = Math.round(this.plane.width * this.ratio);
			this.over.height = Math.round(this.plane.height * this.ratio);
			this.draw();
		}
		restate() {
			let count = 0;
			for (let row = 0; row < this.points.count; row++) {
				const seen = !this.shown || this.shown(row);
				const found = this.lit ? this.lit.has(row) : true;
				this.state[row] = !seen ? 0 : this.selected.has(row) ? 2 : found ? 1 : 3;
				if (seen) count++;
			}
			this.drawer.setStates(this.state);
			this.redraw();
			return count;
		}
		look() {
			const { count } = this.points;
			const few = count < 3e3 ? 7 : count < 2e4 ? 5 : 3;
			const large = Math.max(1, this.plane.fitted / 400);
			return {
				paper: this.paper,
				marked: this.dark ? [
					1,
					1,
					1
				] : [
					.05,
					.05,
					.06
				],
				size: Math.min(14, few * large * 2 ** (this.plane.zoomed / 4)) * this.ratio,
				fade: .78
			};
		}
		/** The rows in view if thumbnails can be drawn of them; none while they are many. Sets their size. */
		thumbnailsInView() {
			this.tileSize = 0;
			const { plane, pictures } = this;
			if (!pictures) return [];
			const [x0, y1] = plane.toMap(0, 0);
			const [x1, y0] = plane.toMap(plane.width, plane.height);
			if (this.cells.atMost(x0, y0, x1, y1) > 4 * pictures.most + 64) return [];
			const rows = [];
			this.cells.within(x0, y0, x1, y1, (row) => {
				if (this.isShown(row)) rows.push(row);
			});
			const room = Math.sqrt(plane.width * plane.height / Math.max(1, rows.length));
			if (!rows.length || rows.length > pictures.most || room <= ROOM) return [];
			const apart = OVERLAP * this.nearby * plane.scale;
			this.tileSize = Math.min(Math.max(apart, .4 * room), .8 * room, LARGEST);
			return rows;
		}
		drawThumbnails(pictures, look) {
			pictures.wanted?.(this.tileRows);
			for (const [strength, faint] of [[.3, true], [1, false]]) {
				const bySheet = /* @__PURE__ */ new Map();
				for (const row of this.tileRows) {
					if (this.state[row] === 3 !== faint) continue;
					const cut = pictures.cut(row);
					if (!cut) continue;
					let of = bySheet.get(cut.sheet);
					if (!of) bySheet.set(cut.sheet, of = {
						rows: [],
						places: []
					});
					of.rows.push(row);
					of.places.push(cut.left, cut.top);
				}
				for (const [number, { rows, places }] of bySheet) {
					const sheet = pictures.sheet(number);
					if (sheet) this.drawer.drawTiles(this.plane, look, this.tileSize, pictures.side, sheet, number, rows, places, strength);
				}
			}
		}
		/** Frames around what is selected, lit or pointed at, and the line that is being drawn. */
		drawOver() {
			const pen = this.over.getContext("2d");
			pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
			pen.clearRect(0, 0, this.plane.width, this.plane.height);
			pen.strokeStyle = this.dark ? "#fff" : "#111";
			pen.lineWidth = 2;
			if (this.tileSize) {
				for (const row of this.tileRows) if (this.state[row] === 2) this.mark(pen, row, 8);
			}
			pen.lineWidth = 1;
			for (const row of this.ringed) if (this.isShown(row)) this.mark(pen, row, 5);
			pen.lineWidth = 3;
			if (this.centre >= 0 && this.isShown(this.centre)) this.mark(pen, this.centre, 10);
			pen.lineWidth = 2;
			if (this.hoveredRow >= 0) this.mark(pen, this.hoveredRow, 8);
			if (!this.line) return;
			pen.setLineDash([6, 4]);
			pen.beginPath();
			this.line.forEach(([x, y], i) => i ? pen.lineTo(x, y) : pen.moveTo(x, y));
			pen.closePath();
			pen.stroke();
			pen.setLineDash([]);
		}
		mark(pen, row, radius) {
			const [px, py] = this.pixels(row);
			const half = this.tileSize / 2;
			if (half) return pen.strokeRect(px - half, py - half, 2 * half, 2 * half);
			pen.beginPath();
			pen.arc(px, py, radius, 0, 7);
			pen.stroke();
		}
	};
	/** The median distance to the nearest other point, of some points. */
	function spacing({ count, x, y }, cells) {
		const found = [];
		const step = Math.max(1, Math.floor(count / SAMPLED));
		for (let row = 0; row < count; row += step) for (let reach = 1 / 256; reach <= 1; reach *= 2) {
			const other = cells.nearest(x[row], y[row], reach, (one) => one !== row);
			if (other < 0) continue;
			found.push(Math.hypot(x[other] - x[row], y[other] - y[row]));
			break;
		}
		return found.sort((a, b) => a - b)[found.length >> 1] ?? 0;
	}
	/** Puts a card beside a place on the stage, inside it. */
	function beside(card, plane, px, py) {
		card.style.left = `${Math.max(8, Math.min(px + 16, plane.width - card.offsetWidth - 8))}px`;
		card.style.top = `${Math.max(8, Math.min(py + 16, plane.height - card.offsetHeight - 8))}px`;
	}
	/** The colour of a CSS `rgb(...)`; null where it is transparent, or said otherwise. */
	function colourOf(css) {
		const [r, g, b, a] = (css.match(/^rgba?\(([^)]+)\)$/)?.[1] ?? "").split(/[\s,/]+/).map(Number);
		return b === void 0 || a === 0 ? null : [
			r / 255,
			g / 255,
			b / 255
		];
	}
	// shared/bytes.ts
	/** Bytes of a base64 text. */
	function bytesOf(text) {
		const binary = atob(text);
		const bytes = new Uint8Array(binary.length);
		for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
		return bytes;
	}
	// map/src/data.ts
	function readMap(block) {
		const raw = JSON.parse(block.textContent ?? "");
		const points = new Float32Array(bytesOf(raw.points).buffer);
		const count = raw.ids.length;
		return {
			...raw,
			count,
			x: Float32Array.from({ length: count }, (_, i) => points[2 * i]),
			y: Float32Array.from({ length: count }, (_, i) => points[2 * i + 1]),
			columns: raw.columns.map((column) => ({
				...column,
				codes: bytesOf(column.codes)
			})),
			tiles: new Int32Array(bytesOf(raw.tiles).buffer)
		};
	}
	// map/src/panel.ts
	var LISTED = 500;
	var number = (value) => value.toLocaleString("en");
	function element(name, className = "", text) {
		const made = document.createElement(name);
		if (className) made.className = className;
		if (text !== void 0) made.textContent = text;
		return made;
	}
	/** Buttons for the kinds of a column; a click hides or shows one, a double click shows it alone. */
	function drawLegend(box, column, colours, counts, hidden, changed) {
		box.replaceChildren();
		column.names.forEach((name, kind) => {
			const button = element("button", "kind");
			const chip = element("span", "chip");
			chip.style.setProperty("--kind", css(colours[kind]));
			button.append(chip, element("bdi", "name", name), element("span", "number", number(counts[kind])));
			button.setAttribute("aria-pressed", String(!hidden.has(kind)));
			button.title = "Click: hide or show. Double click: only this.";
			button.addEventListener("click", () => changed(kind, false));
			button.addEventListener("dblclick", () => changed(kind, true));
			box.append(button);
		});
	}
	/** The selected rows as a list; `thumbnail(row, canvas)` draws one. */
	function drawSelection(panel, map, rows, thumbnail, entered) {
		panel.count.textContent = rows.length ? `${number(rows.length)} selected` : "Nothing selected";
		for (const button of panel.buttons) button.disabled = rows.length === 0;
		panel.list.replaceChildren();
		for (const row of rows.slice(0, LISTED)) {
			const item = element("li");
			const canvas = element("canvas", "small");
			canvas.width = canvas.height = 40;
			thumbnail(row, canvas);
			const text = element("div", "about");
			text.append(element("bdi", "id", map.ids[row]));
			const label = map.labels[row];
			if (label !== null) text.append(element("span", "label", label));
			item.append(canvas, text);
			item.addEventListener("mouseenter", () => entered(row));
			item.addEventListener("mouseleave", () => entered(-1));
			panel.list.append(item);
		}
		if (rows.length > LISTED) panel.list.append(element("li", "more", `and ${number(rows.length - LISTED)} more, all copied`));
	}
	/** Puts a text where paste finds it, also where the page has no right to the clipboard. */
	async function copyText(text) {
		try {
			await navigator.clipboard.writeText(text);
		} catch {
			const area = element("textarea");
			area.value = text;
			document.body.append(area);
			area.select();
			document.execCommand("copy");
			area.remove();
		}
	}
	// map/src/sheets.ts
	var KEPT = 24;
	var Sheets = class {
		map;
		side;
		most = 1200;
		perSheet;
		ready = /* @__PURE__ */ new Map();
		waiting = /* @__PURE__ */ new Set();
		used = /* @__PURE__ */ new Set();
		changed = () => void 0;
		dropped = (_) => void 0;
		constructor(map) {
			this.map = map;
			this.side = map.side;
			this.perSheet = map.across ** 2;
		}
		listen(changed, dropped) {
			const before = this.changed;
			this.changed = () => {
				before();
				changed();
			};
			this.dropped = dropped;
		}
		/** A frame begins: what it uses is kept. */
		wanted() {
			this.used.clear();
		}
		cut(row) {
			const tile = this.map.tiles[row];
			if (tile < 0) return null;
			const at = tile % this.perSheet;
			const { across, side } = this.map;
			return {
				sheet: Math.floor(tile / this.perSheet),
				left: at % across * side,
				top: Math.floor(at / across) * side
			};
		}
		sheet(number) {
			this.used.add(number);
			const kept = this.ready.get(number);
			if (kept) {
				this.ready.delete(number);
				this.ready.set(number, kept);
				return kept;
			}
			if (!this.waiting.has(number)) {
				this.waiting.add(number);
				this.decode(number);
			}
			return null;
		}
		async decode(number) {
			const bitmap = await createImageBitmap(new Blob([bytesOf(this.map.sheets[number])], { type: "image/webp" }));
			this.waiting.delete(number);
			this.ready.set(number, bitmap);
			for (const [old, gone] of this.ready) {
				if (this.ready.size <= KEPT) break;
				if (this.used.has(old)) continue;
				this.ready.delete(old);
				this.dropped(old);
				gone.close();
			}
			this.changed();
		}
	};
	// map/src/main.ts
	var $ = (id) => document.getElementById(id);
	var map = readMap($("data"));
	var stage = $("stage");
	var card = $("card");
	var colour = $("colour");
	var find = $("find");
	var dark = matchMedia("(prefers-color-scheme: dark)");
	var modeButtons = [...document.querySelectorAll("[data-mode-button]")];
	var actions = {
		copy: $("copy"),
		save: $("save"),
		clear: $("clear")
	};
	var panel = {
		count: $("count"),
		list: $("list"),
		buttons: Object.values(actions)
	};
	var sheets = new Sheets(map);
	sheets.listen(thumbnailsAgain, () => void 0);
	var column = null;
	var hidden = /* @__PURE__ */ new Set();
	var carded = -1;
	var scatter = new Scatter(stage, map, map.sheets.length ? sheets : null, {
		hovered: showCard,
		selected: (rows) => drawSelection(panel, map, rows, thumbnail, (row) => scatter.hover(row)),
		moded: (mode) => modeButtons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.modeButton === mode)))
	});
	var chosen = () => [...scatter.selected].sort((a, b) => a - b);
	var ids = () => chosen().map((row) => map.ids[row]).join("\n");
	function thumbnail(row, target) {
		const cut = sheets.cut(row);
		const bitmap = cut && sheets.sheet(cut.sheet);
		const pen = target.getContext("2d");
		pen.clearRect(0, 0, target.width, target.height);
		target.dataset.row = String(row);
		if (bitmap) pen.drawImage(bitmap, cut.left, cut.top, map.side, map.side, 0, 0, target.width, target.height);
		target.classList.toggle("waiting", Boolean(cut) && !bitmap);
	}
	function thumbnailsAgain() {
		for (const target of document.querySelectorAll("canvas.waiting")) thumbnail(Number(target.dataset.row), target);
	}
	function showCard(row, px, py) {
		card.hidden = row < 0;
		if (row !== carded && row >= 0) {
			const label = map.labels[row];
			thumbnail(row, $("picture"));
			$("picture").hidden = !sheets.cut(row);
			$("id").textContent = map.ids[row];
			$("label").textContent = label ?? "";
			$("label").hidden = label === null;
			$("kind").textContent = column ? `${column.name}: ${column.names[column.codes[row]]}` : "";
			$("kind").hidden = !column || column.name === "label";
		}
		carded = row;
		if (row >= 0) beside(card, scatter.plane, px, py);
	}
	function colourBy(number) {
		column = map.columns[number] ?? null;
		hidden = /* @__PURE__ */ new Set();
		carded = -1;
		paint();
		refilter();
	}
	function paint() {
		const colours = column ? coloursOf(column, dark.matches) : [PLAIN];
		scatter.paint(column ? column.codes : new Uint8Array(map.count), colours, dark.matches);
		if (!column) return $("legend").replaceChildren();
		const counts = column.names.map(() => 0);
		for (const code of column.codes) counts[code]++;
		drawLegend($("legend"), column, colours, counts, hidden, toggle);
	}
	function toggle(kind, alone) {
		const all = column.names.map((_, i) => i);
		if (alone) hidden = new Set(all.filter((other) => other !== kind));
		else if (hidden.has(kind)) hidden.delete(kind);
		else hidden.add(kind);
		if (hidden.size === all.length) hidden.clear();
		[...$("legend").children].forEach((button, i) => button.setAttribute("aria-pressed", String(!hidden.has(i))));
		refilter();
	}
	function refilter() {
		const wanted = find.value.trim().toLowerCase();
		const shown = scatter.filter((row) => !(column && hidden.has(column.codes[row])) && (!wanted || map.ids[row].toLowerCase().includes(wanted)));
		$("shown").textContent = `${shown.toLocaleString("en")} of ${map.count.toLocaleString("en")} images`;
	}
	for (const button of modeButtons) button.addEventListener("click", () => scatter.setMode(button.dataset.modeButton));
	var moves = {
		in: () => scatter.plane.zoom(1.3),
		out: () => scatter.plane.zoom(1 / 1.3),
		fit: () => scatter.plane.fit()
	};
	for (const [id, move] of Object.entries(moves)) $(id).addEventListener("click", () => {
		move();
		scatter.redraw();
	});
	colour.addEventListener("change", () => colourBy(Number(colour.value)));
	find.addEventListener("input", refilter);
	dark.addEventListener("change", paint);
	actions.clear.addEventListener("click", () => scatter.select([]));
	actions.copy.addEventListener("click", async () => {
		await copyText(ids());
		panel.count.textContent = `${scatter.selected.size.toLocaleString("en")} copied`;
	});
	actions.save.addEventListener("click", () => {
		const link = element("a");
		link.href = URL.createObjectURL(new Blob([ids() + "\n"], { type: "text/plain" }));
		link.download = "selection.txt";
		link.click();
		URL.revokeObjectURL(link.href);
	});
	map.columns.forEach((one, i) => colour.append(new Option(one.name, String(i))));
	colour.append(new Option("nothing", "-1"));
	colourBy(map.columns.length ? 0 : -1);
	scatter.select([]);
	/** For tests and for the curious: where a point is, and how many frames a second are drawn. */
	Object.assign(window, { lookalikeMap: {
		map,
		selected: chosen,
		pixels(row) {
			const box = stage.getBoundingClientRect();
			const [x, y] = scatter.pixels(row);
			return [x + box.left, y + box.top];
		},
		zoomTo(row, factor) {
			scatter.goTo(row, factor);
			scatter.draw();
		},
		tileSize: () => scatter.tileSize,
		/** Frames a second over some frames that turn and zoom, each drawn when the browser asks for it. */
		async measure(frames = 60) {
			const { plane } = scatter;
			const kept = [
				plane.cx,
				plane.cy,
				plane.scale
			];
			const start = performance.now();
			for (let i = 0; i < frames; i++) {
				plane.fit();
				plane.pan(30 * Math.sin(i / 5), 30 * Math.cos(i / 5));
				plane.zoom(1 + .3 * Math.sin(i / 9));
				scatter.draw();
				await new Promise(requestAnimationFrame);
			}
			const seconds = (performance.now() - start) / 1e3;
			[plane.cx, plane.cy, plane.scale] = kept;
			scatter.draw();
			return frames / seconds;
		}
	} });
})();
