(function() {
	// site/src/address.ts
	var COLUMN = "is.";
	function readView(hash) {
		const fields = new URLSearchParams(hash.replace(/^#/, ""));
		const kinds = /* @__PURE__ */ new Map();
		for (const [name, value] of fields) {
			if (!name.startsWith(COLUMN)) continue;
			const column = name.slice(3);
			kinds.set(column, (kinds.get(column) ?? /* @__PURE__ */ new Set()).add(value));
		}
		return {
			id: fields.get("id"),
			text: fields.get("text") ?? "",
			kinds,
			map: fields.get("map") === "1",
			own: fields.get("own") === "1"
		};
	}
	function writeView(view) {
		const fields = new URLSearchParams();
		if (view.id !== null) fields.set("id", view.id);
		else if (view.own) fields.set("own", "1");
		if (view.text) fields.set("text", view.text);
		for (const [column, kinds] of view.kinds) for (const kind of kinds) fields.append(COLUMN + column, kind);
		if (view.map) fields.set("map", "1");
		return `#${fields}`;
	}
	// shared/bytes.ts
	/** Bytes of a base64 text. */
	function bytesOf(text) {
		const binary = atob(text);
		const bytes = new Uint8Array(binary.length);
		for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
		return bytes;
	}
	// site/src/load.ts
	var waiting = /* @__PURE__ */ new Map();
	var version$1 = document.documentElement.dataset.version;
	window.lookalikeData = (name, data) => waiting.get(name)?.(data);
	/** What `data/NAME.js` hands over; tried twice. Rejects where the file cannot be had. */
	async function load(name) {
		try {
			return await once(name);
		} catch {
			await new Promise((resume) => setTimeout(resume, 800));
			return once(name);
		}
	}
	function once(name) {
		return new Promise((resolve, reject) => {
			const script = document.createElement("script");
			const end = (act) => {
				waiting.delete(name);
				script.remove();
				act();
			};
			const failed = () => end(() => reject(/* @__PURE__ */ new Error(`data/${name}.js could not be loaded.`)));
			waiting.set(name, (data) => end(() => resolve(data)));
			script.onerror = failed;
			script.onload = () => waiting.has(name) && failed();
			script.src = `data/${name}.js?v=${version$1}`;
			document.head.append(script);
		});
	}
	// site/src/collection.ts
	var Collection = class {
		facts;
		ids = [];
		labels = [];
		places;
		codes;
		missing = /* @__PURE__ */ new Set();
		x;
		y;
		rows = /* @__PURE__ */ new Map();
		constructor(facts) {
			this.facts = facts;
			this.places = new Uint32Array(facts.count);
			this.codes = facts.columns.map(() => new Uint8Array(facts.count));
			this.x = new Float32Array(facts.map ? facts.count : 0).fill(NaN);
			this.y = new Float32Array(facts.map ? facts.count : 0).fill(NaN);
		}
		/** How many images are known by now; all rows below it. */
		get known() {
			return this.ids.length;
		}
		get whole() {
			return this.known === this.facts.count;
		}
		get parts() {
			return Math.ceil(this.facts.count / this.facts.imagesAtOnce);
		}
		/** Loads part after part; `arrived(start)` is called after each. */
		async loadAll(arrived) {
			for (let number = 0; number < this.parts; number++) {
				const start = this.known;
				this.take(start, await load(`images-${number}`));
				arrived(start);
			}
		}
		row(id) {
			return this.rows.get(id);
		}
		take(start, part) {
			part.ids.forEach((id, i) => {
				this.ids.push(id);
				this.labels.push(part.labels[i]);
				this.rows.set(id, start + i);
			});
			this.places.set(new Uint32Array(bytesOf(part.places).buffer), start);
			part.columns.forEach((codes, i) => this.codes[i].set(bytesOf(codes), start));
			part.missing.forEach((row) => this.missing.add(start + row));
			if (!part.points) return;
			const points = new Float32Array(bytesOf(part.points).buffer);
			part.ids.forEach((_, i) => {
				this.x[start + i] = points[2 * i];
				this.y[start + i] = points[2 * i + 1];
			});
		}
	};
	// site/src/dom.ts
	/** The element of an id, which the page has. */
	var byId = (id) => document.getElementById(id);
	/** A new element; text is only ever set as text. */
	function element(name, className = "", text) {
		const made = document.createElement(name);
		if (className) made.className = className;
		if (text !== void 0) made.textContent = text;
		return made;
	}
	var number = (value) => value.toLocaleString("en");
	var images = (count) => `${number(count)} ${count === 1 ? "image" : "images"}`;
	// site/src/facets.ts
	var Facets = class {
		images;
		chips;
		change;
		boxes = [];
		counts = [];
		menus = [];
		constructor(menus, chips, images, change) {
			this.images = images;
			this.chips = chips;
			this.change = change;
			for (const column of images.facts.columns) {
				const menu = element("details", "menu");
				const list = element("div", "kinds");
				list.setAttribute("role", "group");
				list.setAttribute("aria-label", column.name);
				const boxes = [];
				const counts = [];
				for (const name of column.names) {
					const line = element("label");
					const box = element("input");
					box.type = "checkbox";
					box.addEventListener("change", () => change((view) => set(view, column.name, name, box.checked)));
					boxes.push(box);
					counts.push(element("span", "number"));
					line.append(box, element("bdi", "name", name), counts[counts.length - 1]);
					list.append(line);
				}
				menu.append(element("summary", "", column.name), list);
				this.boxes.push(boxes);
				this.counts.push(counts);
				this.menus.push(menu);
			}
			menus.append(...this.menus);
			document.addEventListener("pointerdown", (event) => this.close(event.target));
			document.addEventListener("keydown", (event) => event.key === "Escape" && this.close(null));
		}
		show(view, filtered) {
			this.images.facts.columns.forEach((column, i) => {
				const wanted = view.kinds.get(column.name);
				this.menus[i].classList.toggle("used", Boolean(wanted));
				column.names.forEach((name, kind) => {
					const count = filtered.counts[i][kind];
					const box = this.boxes[i][kind];
					box.checked = Boolean(wanted?.has(name));
					box.disabled = count === 0 && !box.checked;
					this.counts[i][kind].textContent = number(count);
				});
			});
			const chips = [...view.kinds].flatMap(([column, kinds]) => [...kinds].map((kind) => this.chip(`${column}: ${kind}`, (now) => set(now, column, kind, false))));
			if (view.text) chips.push(this.chip(`“${view.text}”`, (now) => now.text = ""));
			if (chips.length > 1) chips.push(this.chip("Clear all", (now) => {
				now.kinds.clear();
				now.text = "";
			}));
			this.chips.replaceChildren(...chips);
		}
		chip(text, act) {
			const chip = element("button", "chip");
			chip.type = "button";
			const cross = element("span", "cross", "×");
			cross.setAttribute("aria-hidden", "true");
			chip.append(element("bdi", "", text), cross);
			chip.title = "Take this filter back";
			chip.addEventListener("click", () => this.change(act));
			return chip;
		}
		close(target) {
			for (const menu of this.menus) if (menu.open && !(target && menu.contains(target))) {
				menu.open = false;
				if (!target) menu.querySelector("summary")?.focus();
			}
		}
	};
	function set(view, column, kind, wanted) {
		const kinds = view.kinds.get(column) ?? /* @__PURE__ */ new Set();
		if (wanted) kinds.add(kind);
		else kinds.delete(kind);
		if (kinds.size) view.kinds.set(column, kinds);
		else view.kinds.delete(column);
	}
	// site/src/filters.ts
	function filter(images, view) {
		const { columns } = images.facts;
		const wanted = columns.map((column) => {
			const names = view.kinds.get(column.name);
			return names ? Uint8Array.from(column.names, (name) => Number(names.has(name))) : null;
		});
		const text = view.text.trim().toLowerCase();
		const counts = columns.map((column) => new Uint32Array(column.names.length));
		const mask = new Uint8Array(images.facts.count);
		let count = 0;
		for (let row = 0; row < images.known; row++) {
			if (text && !matches(images, row, text)) continue;
			let misses = 0;
			let missed = 0;
			for (let i = 0; i < wanted.length; i++) if (wanted[i] && !wanted[i][images.codes[i][row]]) {
				misses++;
				missed = i;
			}
			if (misses === 0) {
				mask[row] = 1;
				count++;
				for (let i = 0; i < counts.length; i++) counts[i][images.codes[i][row]]++;
			} else if (misses === 1) counts[missed][images.codes[missed][row]]++;
		}
		return {
			mask: !text && wanted.every((one) => one === null) ? null : mask,
			count,
			counts
		};
	}
	var matches = (images, row, text) => images.ids[row].toLowerCase().includes(text) || (images.labels[row] ?? "").toLowerCase().includes(text);
	// site/src/grid.ts
	var GAP = 12;
	var CAPTION = 30;
	var SPARE = 2;
	var Grid = class {
		box;
		list;
		images;
		sheets;
		link;
		reached;
		cells = /* @__PURE__ */ new Map();
		listed = {
			rows: [],
			scores: null
		};
		across = 1;
		width = 100;
		height = 100;
		focused = 0;
		/** `box` scrolls `list`; `link(row)` is where a click leads; `reached()` is told near the end. */
		constructor(box, list, images, sheets, link, reached) {
			this.box = box;
			this.list = list;
			this.images = images;
			this.sheets = sheets;
			this.link = link;
			this.reached = reached;
			box.addEventListener("scroll", () => this.draw(), { passive: true });
			new ResizeObserver(() => this.lay()).observe(list);
			list.addEventListener("keydown", (event) => this.key(event));
			list.addEventListener("focusin", (event) => {
				const cell = event.target.closest("li");
				if (cell) this.focused = Number(cell.dataset.at);
			});
		}
		/** Shows other images; from the top unless `stay`. */
		show(listed, stay = false) {
			this.listed = listed;
			this.cells.forEach((cell) => cell.remove());
			this.cells.clear();
			if (!stay) {
				this.box.scrollTop = 0;
				this.focused = 0;
			}
			this.lay();
		}
		lay() {
			const { tile } = this.images.facts;
			const room = this.list.clientWidth;
			const wish = room < 520 ? 104 : room < 900 ? 138 : 164;
			this.across = Math.max(1, Math.floor((room + GAP) / (wish + GAP)));
			this.width = (room - GAP * (this.across - 1)) / this.across;
			this.height = this.width * tile.height / tile.width + CAPTION + GAP;
			this.list.style.height = `${Math.ceil(this.listed.rows.length / this.across) * this.height}px`;
			this.cells.forEach((cell, at) => this.put(cell, at));
			this.draw();
		}
		draw() {
			const top = this.box.scrollTop - (this.list.offsetTop - this.box.offsetTop);
			const first = Math.max(0, Math.floor(top / this.height) - SPARE) * this.across;
			const rows = Math.ceil(this.box.clientHeight / this.height) + 4 + 1;
			const last = Math.min(this.listed.rows.length, first + rows * this.across);
			for (const [at, cell] of this.cells) {
				if (at >= first && at < last || cell.contains(document.activeElement)) continue;
				cell.remove();
				this.cells.delete(at);
			}
			const added = [];
			for (let at = first; at < last; at++) if (!this.cells.has(at)) added.push(this.cell(at));
			this.list.append(...added);
			if (last >= this.listed.rows.length - 2 * this.across) this.reached();
		}
		cell(at) {
			const row = this.listed.rows[at];
			const id = this.images.ids[row];
			const label = this.images.labels[row];
			const score = this.listed.scores?.[at];
			const item = element("li");
			item.dataset.at = String(at);
			item.setAttribute("aria-posinset", String(at + 1));
			item.setAttribute("aria-setsize", String(this.listed.rows.length));
			const link = element("a");
			link.href = this.link(row);
			link.title = label === null ? id : `${label}\n${id}`;
			link.setAttribute("aria-label", [
				label,
				id,
				score === void 0 ? null : `similarity ${score.toFixed(2)}`
			].filter(Boolean).join(", "));
			const picture = element("span");
			this.sheets.show(picture, row);
			const caption = element("span", "caption");
			caption.append(element("bdi", "name", label ?? id.slice(id.lastIndexOf("/") + 1)));
			if (score !== void 0) caption.append(element("span", "score", score.toFixed(2)));
			link.append(picture, caption);
			item.append(link);
			this.put(item, at);
			this.cells.set(at, item);
			return item;
		}
		put(cell, at) {
			const x = at % this.across * (this.width + GAP);
			const y = Math.floor(at / this.across) * this.height;
			cell.style.width = `${this.width}px`;
			cell.style.transform = `translate(${x}px, ${y}px)`;
		}
		key(event) {
			const steps = {
				ArrowLeft: -1,
				ArrowRight: 1,
				ArrowUp: -this.across,
				ArrowDown: this.across
			};
			const all = this.listed.rows.length;
			const wanted = event.key === "Home" ? 0 : event.key === "End" ? all - 1 : this.focused + steps[event.key];
			if (!(wanted >= 0 && wanted < all) || event.ctrlKey || event.metaKey || event.altKey) return;
			event.preventDefault();
			this.focused = wanted;
			const y = this.list.offsetTop - this.box.offsetTop + Math.floor(wanted / this.across) * this.height;
			if (y < this.box.scrollTop) this.box.scrollTop = y - GAP;
			else if (y + this.height > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = y + this.height - this.box.clientHeight;
			this.draw();
			this.cells.get(wanted)?.querySelector("a")?.focus({ preventScroll: true });
		}
	};
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
	var PICTURE$1 = `#version 300 es
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
			this.tiles = program(gl, TILES, PICTURE$1);
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
	// site/src/map.ts
	var NOWHERE = 9;
	var MapView = class {
		images;
		sheets;
		chosen;
		stage = element("div", "stage");
		card = element("div", "card");
		picture = element("span");
		name = element("bdi", "name");
		dark = matchMedia("(prefers-color-scheme: dark)");
		choice = element("select");
		scatter = null;
		mask = null;
		found = [];
		query = -1;
		/** `chosen(row)` is called when a point is clicked. */
		constructor(box, images, sheets, chosen) {
			this.images = images;
			this.sheets = sheets;
			this.chosen = chosen;
			this.stage.tabIndex = 0;
			this.stage.setAttribute("role", "application");
			this.stage.setAttribute("aria-label", "Map of the images; what looks alike is near. Arrow keys move, plus and minus zoom, N points at the image in the middle, Enter looks for what is like it. The grid lists the same images.");
			this.card.hidden = true;
			this.card.append(this.picture, this.name);
			this.stage.append(this.card);
			const label = element("label", "colour", "Colour by ");
			label.append(this.choice);
			images.facts.columns.forEach((column, i) => this.choice.append(new Option(column.name, String(i))));
			this.choice.addEventListener("change", () => this.paint());
			label.hidden = images.facts.columns.length === 0;
			box.append(this.stage, label);
			this.dark.addEventListener("change", () => this.paint());
		}
		/** Takes in where the images lie, fitted to -1..1. */
		lay() {
			const { x, y } = this.images;
			const [cx, rx] = spread(x);
			const [cy, ry] = spread(y);
			const reach = Math.max(rx, ry) || 1;
			const fitted = (values, middle) => values.map((value) => Number.isNaN(value) ? NOWHERE : (value - middle) / reach);
			const points = {
				count: x.length,
				x: fitted(x, cx),
				y: fitted(y, cy)
			};
			this.scatter?.close();
			this.scatter = new Scatter(this.stage, points, null, {
				hovered: (row, px, py) => this.hover(row, px, py),
				clicked: (row) => this.chosen(row)
			});
			this.paint();
			this.apply();
		}
		show(mask, query, found) {
			[this.mask, this.query, this.found] = [
				mask,
				query,
				found
			];
			this.apply();
		}
		/** The row of the point at a place in pixels, -1 for none. */
		at(px, py) {
			return this.scatter?.at(px, py) ?? -1;
		}
		pixels(row) {
			return this.scatter?.pixels(row) ?? [0, 0];
		}
		apply() {
			const { mask } = this;
			this.scatter?.filter(mask && ((row) => mask[row] > 0));
			this.scatter?.light(this.query >= 0 ? this.found : null, this.query);
		}
		paint() {
			const number = Number(this.choice.value);
			const column = this.images.facts.columns[number];
			const codes = column ? this.images.codes[number] : new Uint8Array(this.images.facts.count);
			this.scatter?.paint(codes, column ? coloursOf(column, this.dark.matches) : [PLAIN], this.dark.matches);
		}
		hover(row, px, py) {
			this.card.hidden = row < 0;
			if (row < 0 || !this.scatter) return;
			if (this.card.dataset.row !== String(row)) {
				this.sheets.show(this.picture, row);
				this.name.textContent = this.images.labels[row] ?? this.images.ids[row];
			}
			this.card.dataset.row = String(row);
			beside(this.card, this.scatter.plane, px, py);
		}
	};
	/** The middle of numbers, and how far they reach from it. */
	function spread(values) {
		let low = Infinity;
		let high = -Infinity;
		for (const value of values) {
			if (Number.isNaN(value)) continue;
			low = Math.min(low, value);
			high = Math.max(high, value);
		}
		return low > high ? [0, 0] : [(low + high) / 2, (high - low) / 2];
	}
	// site/src/own.ts
	/** Larger pictures are halved until their shorter side is less than twice this. */
	var SIDE = 512;
	/** Calls `take` with each file that is picked by the button, dropped on the page, or pasted. */
	function listenForPictures(button, take) {
		const picker = document.createElement("input");
		picker.type = "file";
		picker.accept = "image/*";
		picker.addEventListener("change", () => {
			if (picker.files?.[0]) take(picker.files[0]);
			picker.value = "";
		});
		button.addEventListener("click", () => picker.click());
		const over = (on) => document.body.classList.toggle("over", on);
		addEventListener("dragover", (event) => {
			if (!event.dataTransfer?.types.includes("Files")) return;
			event.preventDefault();
			over(true);
		});
		addEventListener("dragleave", (event) => event.relatedTarget === null && over(false));
		addEventListener("drop", (event) => {
			over(false);
			const file = event.dataTransfer?.files[0];
			if (!file) return;
			event.preventDefault();
			take(file);
		});
		addEventListener("paste", (event) => {
			const file = event.clipboardData?.files[0];
			if (file) take(file);
		});
	}
	/** The pixels of an image file, upright, over white. Rejects what the browser cannot read. */
	async function opened(file) {
		const bitmap = await createImageBitmap(file, {
			imageOrientation: "from-image",
			colorSpaceConversion: "none"
		});
		const halvings = Math.max(0, Math.floor(Math.log2(Math.min(bitmap.width, bitmap.height) / SIDE)));
		const canvas = document.createElement("canvas");
		canvas.width = Math.max(1, Math.round(bitmap.width / 2 ** halvings));
		canvas.height = Math.max(1, Math.round(bitmap.height / 2 ** halvings));
		const context = canvas.getContext("2d", { willReadFrequently: true });
		context.fillStyle = "white";
		context.fillRect(0, 0, canvas.width, canvas.height);
		context.imageSmoothingQuality = "high";
		context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
		bitmap.close();
		const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
		return {
			canvas,
			picture: {
				width: canvas.width,
				height: canvas.height,
				pixels: data
			}
		};
	}
	// site/src/worker.ts?worker&inline
	var jsContent = "(function() {\n	// shared/bytes.ts\n	/** Bytes of a base64 text. */\n	function bytesOf(text) {\n		const binary = atob(text);\n		const bytes = new Uint8Array(binary.length);\n		for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);\n		return bytes;\n	}\n	// site/src/fit.ts\n	/** The square (crop * crop * 3,), row by row, less `mean` and divided by `scale`. */\n	function square(picture, { shorterSide, crop, mean, scale }) {\n		const { width, height, pixels } = picture;\n		const shorter = Math.min(width, height);\n		const size = (side) => Math.max(shorterSide, rounded(side * shorterSide / shorter));\n		const across = taps(width, size(width), crop);\n		const down = taps(height, size(height), crop);\n		const first = down[0].first;\n		const rows = down[crop - 1].first + down[crop - 1].weights.length - first;\n		const narrow = new Uint8ClampedArray(rows * crop * 3);\n		for (let y = 0; y < rows; y++) for (let x = 0; x < crop; x++) blend(pixels, 4 * ((first + y) * width + across[x].first), 4, across[x].weights, narrow, (y * crop + x) * 3);\n		const small = new Uint8ClampedArray(crop * crop * 3);\n		for (let y = 0; y < crop; y++) for (let x = 0; x < crop; x++) blend(narrow, ((down[y].first - first) * crop + x) * 3, 3 * crop, down[y].weights, small, (y * crop + x) * 3);\n		return Float32Array.from(small, (value, i) => (value - mean[i % 3]) / scale[i % 3]);\n	}\n	/** Which pixels of `length` make each of the `crop` in the middle of `size`, and how much of each. */\n	function taps(length, size, crop) {\n		const step = length / size;\n		const widen = Math.max(1, step);\n		const start = rounded((size - crop) / 2) * step;\n		return Array.from({ length: crop }, (_, i) => {\n			const centre = start + (i + .5) * step;\n			const first = Math.max(0, Math.floor(centre - 2 * widen + .5));\n			const end = Math.min(length, Math.floor(centre + 2 * widen + .5));\n			const raw = Array.from({ length: end - first }, (_, at) => cubic((first + at + .5 - centre) / widen));\n			const sum = raw.reduce((a, b) => a + b, 0);\n			return {\n				first,\n				weights: raw.map((weight) => weight / sum)\n			};\n		});\n	}\n	/** To the nearest whole number, of two the even one, as the library rounds. */\n	function rounded(value) {\n		const low = Math.floor(value);\n		if (value - low === .5) return low + low % 2;\n		return Math.round(value);\n	}\n	/** Keys' cubic convolution with a = -0.5 (1981). */\n	function cubic(x) {\n		const far = Math.abs(x);\n		if (far < 1) return (1.5 * far - 2.5) * far * far + 1;\n		return far < 2 ? ((-.5 * far + 2.5) * far - 4) * far + 2 : 0;\n	}\n	/** One pixel of three values from some that lie `apart`; writing it rounds and bounds it. */\n	function blend(from, at, apart, weights, to, place) {\n		let red = 0, green = 0, blue = 0;\n		for (const weight of weights) {\n			red += from[at] * weight;\n			green += from[at + 1] * weight;\n			blue += from[at + 2] * weight;\n			at += apart;\n		}\n		to[place] = red;\n		to[place + 1] = green;\n		to[place + 2] = blue;\n	}\n	// site/src/network.ts\n	var Network = class {\n		layers;\n		weights;\n		/** `weights`: of each layer its kernels, then its biases, as `share/site_model.py` writes them. */\n		constructor(layers, weights) {\n			this.layers = layers;\n			this.weights = weights;\n		}\n		/** The means (channels,) over all cells of the last layer, from `side` x `side` pixels of three values. */\n		run(pixels, side) {\n			const outputs = [];\n			let from = 0;\n			let cells = {\n				side,\n				channels: 3,\n				values: pixels\n			};\n			for (const layer of this.layers) {\n				const kernels = layer.kernel ** 2 * (layer.byChannel ? 1 : cells.channels) * layer.out;\n				const biases = this.weights.subarray(from + kernels, from + kernels + layer.out);\n				const values = (layer.byChannel ? depthwise : dense)(cells, layer, this.weights.subarray(from, from + kernels), biases);\n				from += kernels + layer.out;\n				const added = layer.add === null ? null : outputs[layer.add].values;\n				if (added) for (let i = 0; i < values.length; i++) values[i] += added[i];\n				if (layer.relu6) for (let i = 0; i < values.length; i++) values[i] = Math.min(6, Math.max(0, values[i]));\n				cells = {\n					side: Math.ceil(cells.side / layer.stride),\n					channels: layer.out,\n					values\n				};\n				outputs.push(cells);\n			}\n			const means = new Float64Array(cells.channels);\n			cells.values.forEach((value, i) => means[i % cells.channels] += value / cells.side ** 2);\n			return means;\n		}\n	};\n	/** How far kernels reach over the upper and left edge, where as little as can be is padded. */\n	function padding(side, { kernel, stride }) {\n		const outside = (Math.ceil(side / stride) - 1) * stride + kernel - side;\n		return Math.max(0, outside) >> 1;\n	}\n	function depthwise(from, layer, kernels, biases) {\n		const { side, channels, values } = from;\n		const { kernel, stride } = layer;\n		const before = padding(side, layer);\n		const size = Math.ceil(side / stride);\n		const made = new Float32Array(size * size * channels);\n		for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) {\n			const to = (y * size + x) * channels;\n			made.set(biases, to);\n			for (let down = 0; down < kernel; down++) {\n				const row = y * stride - before + down;\n				if (row < 0 || row >= side) continue;\n				for (let right = 0; right < kernel; right++) {\n					const column = x * stride - before + right;\n					if (column < 0 || column >= side) continue;\n					const at = (row * side + column) * channels;\n					const weights = (down * kernel + right) * channels;\n					for (let i = 0; i < channels; i++) made[to + i] += values[at + i] * kernels[weights + i];\n				}\n			}\n		}\n		return made;\n	}\n	/** Every channel from all: the cells under each kernel side by side, times the kernels. */\n	function dense(from, layer, kernels, biases) {\n		if (layer.kernel === 1 && layer.stride === 1) return product(from.values, from.channels, kernels, biases);\n		return product(patches(from, layer), layer.kernel ** 2 * from.channels, kernels, biases);\n	}\n	function patches({ side, channels, values }, layer) {\n		const { kernel, stride } = layer;\n		const before = padding(side, layer);\n		const size = Math.ceil(side / stride);\n		const made = new Float32Array(size * size * kernel * kernel * channels);\n		let to = 0;\n		for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) for (let down = 0; down < kernel; down++) for (let right = 0; right < kernel; right++, to += channels) {\n			const row = y * stride - before + down;\n			const column = x * stride - before + right;\n			if (row < 0 || row >= side || column < 0 || column >= side) continue;\n			const at = (row * side + column) * channels;\n			for (let i = 0; i < channels; i++) made[to + i] = values[at + i];\n		}\n		return made;\n	}\n	/** rows (n, inner) x kernels (out, inner) + biases: two rows by four kernels at a time. */\n	function product(rows, inner, kernels, biases) {\n		const out = biases.length;\n		const count = rows.length / inner;\n		const made = new Float32Array(count * out);\n		for (let row = 0; row < count; row += 2) {\n			const one = row * inner;\n			const two = Math.min(row + 1, count - 1) * inner;\n			for (let o = 0; o < out; o += 4) {\n				const k0 = o * inner, k1 = k0 + inner, k2 = k1 + inner, k3 = k2 + inner;\n				let a0 = biases[o], a1 = biases[o + 1], a2 = biases[o + 2], a3 = biases[o + 3];\n				let b0 = a0, b1 = a1, b2 = a2, b3 = a3;\n				for (let i = 0; i < inner; i++) {\n					const a = rows[one + i], b = rows[two + i];\n					const w0 = kernels[k0 + i], w1 = kernels[k1 + i], w2 = kernels[k2 + i], w3 = kernels[k3 + i];\n					a0 += a * w0;\n					a1 += a * w1;\n					a2 += a * w2;\n					a3 += a * w3;\n					b0 += b * w0;\n					b1 += b * w1;\n					b2 += b * w2;\n					b3 += b * w3;\n				}\n				const first = row * out + o;\n				made[first] = a0;\n				made[first + 1] = a1;\n				made[first + 2] = a2;\n				made[first + 3] = a3;\n				if (row + 1 === count) continue;\n				const second = first + out;\n				made[second] = b0;\n				made[second + 1] = b1;\n				made[second + 2] = b2;\n				made[second + 3] = b3;\n			}\n		}\n		return made;\n	}\n	// site/src/search.ts\n	/** The value of each of the 65,536 float16 numbers, by its bits. */\n	const HALF = halves();\n	/** A bound on what float32 queries and the sums of a scan may be off, for vectors of length 1. */\n	const ROUNDING = 1e-6;\n	var Vectors = class {\n		count;\n		dim;\n		metric;\n		rows;\n		codes;\n		scale;\n		length;\n		off;\n		here;\n		rough;\n		places;\n		loaded = 0;\n		/** Room for `count` rows; `places` (count,) breaks ties: of equal scores the lower is first. */\n		constructor(count, dim, metric) {\n			this.count = count;\n			this.dim = dim;\n			this.metric = metric;\n			this.rows = new Uint16Array(count * dim);\n			this.codes = new Int8Array(count * dim);\n			this.scale = new Float64Array(count);\n			this.length = new Float64Array(count);\n			this.off = new Float64Array(count);\n			this.here = new Uint8Array(count);\n			this.rough = new Float64Array(count);\n			this.places = Uint32Array.from({ length: count }, (_, i) => i);\n		}\n		/** Rows from `start` on, as float16 bits (m * dim,). */\n		take(start, bits) {\n			this.rows.set(bits, start * this.dim);\n			const end = start + bits.length / this.dim;\n			for (let row = start; row < end; row++) this.encode(row);\n			this.loaded += end - start;\n		}\n		has(row) {\n			return this.here[row] > 0;\n		}\n		/** Codes of a row, c * scale being near each value, and how far from it the codes lie. */\n		encode(row) {\n			const { rows, codes, dim } = this;\n			const from = row * dim;\n			let most = 0;\n			let squares = 0;\n			for (let i = from; i < from + dim; i++) {\n				const value = HALF[rows[i]];\n				most = Math.max(most, Math.abs(value));\n				squares += value * value;\n			}\n			if (!Number.isFinite(squares) || squares === 0 && this.metric === \"cosine\") return;\n			const scale = most / 127;\n			let off = 0;\n			for (let i = from; i < from + dim; i++) {\n				const value = HALF[rows[i]];\n				const code = scale > 0 ? Math.round(value / scale) : 0;\n				codes[i] = code;\n				off += (value - code * scale) ** 2;\n			}\n			this.scale[row] = scale;\n			this.length[row] = Math.sqrt(squares);\n			this.off[row] = Math.sqrt(off);\n			this.here[row] = 1;\n		}\n		/** The `k` rows nearest to a row, without it, of those that `allowed` (count,) marks. */\n		searchRow(row, k, allowed) {\n			return this.search(this.query(row), k, allowed, row);\n		}\n		/** The same for any vector (dim,), of length 1 where cosines are compared; `without` is no answer. */\n		search(asked, k, allowed, without = -1) {\n			const length = lengthOf(asked);\n			const open = (row) => this.here[row] > 0 && row !== without && (!allowed || allowed[row] > 0);\n			const floor = this.scan(Float32Array.from(asked), length, k, open);\n			const { rough } = this;\n			const rows = [];\n			for (let row = 0; row < this.count; row++) if (open(row) && rough[row] + this.slack(row, length) >= floor) rows.push(row);\n			for (const row of rows) rough[row] = this.exact(row, asked);\n			rows.sort((a, b) => rough[b] - rough[a] || this.places[a] - this.places[b]);\n			const best = rows.slice(0, k);\n			return {\n				rows: Uint32Array.from(best),\n				scores: Float64Array.from(best, (row) => this.similarity(rough[row]))\n			};\n		}\n		query(row) {\n			const by = this.metric === \"cosine\" ? this.length[row] : 1;\n			const from = row * this.dim;\n			return Float64Array.from({ length: this.dim }, (_, i) => HALF[this.rows[from + i]] / by);\n		}\n		/** Fills the rough scores; the k-th highest of what rows score at least. */\n		scan(asked, length, k, open) {\n			const { codes, dim, rough } = this;\n			const lowest = new Lowest(k);\n			for (let row = 0; row < this.count; row++) {\n				if (!open(row)) continue;\n				const from = row * dim;\n				let a = 0, b = 0, c = 0, d = 0, i = 0;\n				for (; i + 3 < dim; i += 4) {\n					a += codes[from + i] * asked[i];\n					b += codes[from + i + 1] * asked[i + 1];\n					c += codes[from + i + 2] * asked[i + 2];\n					d += codes[from + i + 3] * asked[i + 3];\n				}\n				for (; i < dim; i++) a += codes[from + i] * asked[i];\n				rough[row] = this.ranking((a + b + c + d) * this.scale[row], row);\n				lowest.offer(rough[row] - this.slack(row, length));\n			}\n			return lowest.value;\n		}\n		/** What rows are ranked by, from their product with the query. */\n		ranking(product, row) {\n			const length = this.length[row];\n			if (this.metric === \"cosine\") return product / length;\n			return this.metric === \"ip\" ? product : 2 * product - length * length;\n		}\n		/** By how much a rough score may be off (Cauchy-Schwarz on what the codes leave out). */\n		slack(row, length) {\n			const error = length * (this.off[row] + ROUNDING * this.length[row]);\n			if (this.metric === \"cosine\") return error / this.length[row];\n			return this.metric === \"ip\" ? error : 2 * error;\n		}\n		exact(row, asked) {\n			const from = row * this.dim;\n			let sum = 0;\n			if (this.metric === \"l2\") {\n				for (let i = 0; i < this.dim; i++) sum -= (HALF[this.rows[from + i]] - asked[i]) ** 2;\n				return sum;\n			}\n			for (let i = 0; i < this.dim; i++) sum += HALF[this.rows[from + i]] * asked[i];\n			return this.metric === \"cosine\" ? sum / this.length[row] : sum;\n		}\n		similarity(ranking) {\n			if (this.metric === \"cosine\") return Math.max(-1, Math.min(1, ranking));\n			return this.metric === \"ip\" ? ranking : 1 / (1 + Math.sqrt(-ranking));\n		}\n	};\n	const lengthOf = (vector) => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));\n	/** The k-th highest of the numbers offered: a heap whose top is the lowest kept. */\n	var Lowest = class {\n		heap = [];\n		k;\n		constructor(k) {\n			this.k = k;\n		}\n		get value() {\n			return this.heap.length < this.k ? -Infinity : this.heap[0];\n		}\n		offer(number) {\n			const { heap, k } = this;\n			if (heap.length < k) {\n				heap.push(number);\n				for (let i = heap.length - 1; i > 0;) {\n					const up = i - 1 >> 1;\n					if (heap[up] <= heap[i]) break;\n					[heap[up], heap[i]] = [heap[i], heap[up]];\n					i = up;\n				}\n			} else if (number > heap[0]) {\n				heap[0] = number;\n				for (let i = 0;;) {\n					const left = 2 * i + 1;\n					const least = left + 1 < k && heap[left + 1] < heap[left] ? left + 1 : left;\n					if (left >= k || heap[least] >= heap[i]) break;\n					[heap[least], heap[i]] = [heap[i], heap[least]];\n					i = least;\n				}\n			}\n		}\n	};\n	function halves() {\n		return Float64Array.from({ length: 65536 }, (_, bits) => {\n			const sign = bits & 32768 ? -1 : 1;\n			const exponent = bits >> 10 & 31;\n			const fraction = bits & 1023;\n			if (exponent === 31) return fraction ? NaN : sign * Infinity;\n			return sign * (exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction);\n		});\n	}\n	// site/src/worker.ts\n	let vectors = new Vectors(0, 1, \"cosine\");\n	let allowed = null;\n	let network = null;\n	/** The vector of the visitor's picture, which row -1 stands for. */\n	let seen = null;\n	let waiting = null;\n	const tell = (answer) => postMessage(answer);\n	/** Searches a few times for nobody, so that the browser has compiled it when somebody asks. */\n	function warm() {\n		for (let i = 0; i < 4; i++) vectors.searchRow(i % vectors.count, 20, null);\n	}\n	function answer(ask) {\n		waiting = ask.row < 0 || vectors.has(ask.row) ? null : ask;\n		if (waiting) return;\n		const found = ask.row < 0 ? vectors.search(seen, ask.k, allowed) : vectors.searchRow(ask.row, ask.k, allowed);\n		tell({\n			kind: \"found\",\n			number: ask.number,\n			...found,\n			loaded: vectors.loaded\n		});\n	}\n	/** Halves in base64, in parts, as floats. */\n	function floats(parts) {\n		const bits = parts.map((part) => new Uint16Array(bytesOf(part).buffer));\n		const all = new Float32Array(bits.reduce((sum, some) => sum + some.length, 0));\n		let at = 0;\n		for (const some of bits) for (const half of some) all[at++] = HALF[half];\n		return all;\n	}\n	function look(picture) {\n		const { model, run } = network;\n		seen = run.run(square(picture, model), model.crop);\n		const length = lengthOf(seen);\n		seen = seen.map((value) => value / length);\n		tell({\n			kind: \"seen\",\n			vector: seen\n		});\n	}\n	onmessage = (event) => {\n		const ask = event.data;\n		if (ask.kind === \"open\") vectors = new Vectors(ask.count, ask.dim, ask.metric);\n		else if (ask.kind === \"places\") vectors.places.set(ask.places, ask.start);\n		else if (ask.kind === \"allow\") allowed = ask.mask;\n		else if (ask.kind === \"search\") answer(ask);\n		else if (ask.kind === \"model\") network = {\n			model: ask.model,\n			run: new Network(ask.model.layers, floats(ask.weights))\n		};\n		else if (ask.kind === \"look\") look(ask.picture);\n		else {\n			vectors.take(ask.start, new Uint16Array(bytesOf(ask.base64).buffer));\n			tell({\n				kind: \"taken\",\n				loaded: vectors.loaded\n			});\n			if (vectors.loaded === vectors.count) warm();\n			if (waiting) answer(waiting);\n		}\n	};\n})();\n";
	var blob = typeof self !== "undefined" && self.Blob && new Blob(["(self.URL || self.webkitURL).revokeObjectURL(self.location.href);", jsContent], { type: "text/javascript;charset=utf-8" });
	function WorkerWrapper(options) {
		let objURL;
		try {
			objURL = blob && (self.URL || self.webkitURL).createObjectURL(blob);
			if (!objURL) throw "";
			const worker = new Worker(objURL, { name: options?.name });
			worker.addEventListener("error", () => {
				(self.URL || self.webkitURL).revokeObjectURL(objURL);
			});
			return worker;
		} catch (e) {
			return new Worker("data:text/javascript;charset=utf-8," + encodeURIComponent(jsContent), { name: options?.name });
		}
	}
	// site/src/searcher.ts
	var AT_ONCE = 3;
	var Searcher = class {
		loaded = 0;
		images;
		worker = new WorkerWrapper();
		pending;
		number = 0;
		answered = null;
		model = null;
		seen = () => void 0;
		/** `progressed()` is called when more vectors are there, `failed` when some cannot be had. */
		constructor(images, progressed, failed) {
			this.images = images;
			const { count, dim, metric, vectorsAtOnce } = images.facts;
			this.pending = new Set(Array(Math.ceil(count / vectorsAtOnce)).keys());
			this.worker.onmessage = (event) => {
				const answer = event.data;
				if (answer.kind === "taken") {
					this.loaded = answer.loaded;
					progressed();
				} else if (answer.kind === "seen") this.seen(answer.vector);
				else if (answer.number === this.number) this.answered?.(answer);
			};
			this.ask({
				kind: "open",
				count,
				dim,
				metric
			});
			this.failed = failed;
		}
		failed;
		get whole() {
			return this.loaded === this.images.facts.count;
		}
		/** Where rows from `start` on stand in the library: of equal scores the lower is first. */
		places(start, end) {
			this.ask({
				kind: "places",
				start,
				places: this.images.places.slice(start, end)
			});
		}
		/** Loads all vectors, a few files at a time. */
		loadAll() {
			for (let i = 0; i < AT_ONCE; i++) this.next();
		}
		allow(mask) {
			this.ask({
				kind: "allow",
				mask
			});
		}
		/** Makes the vector of a picture, for `search(PICTURE, ...)`; the model is fetched at the first. */
		async look(picture) {
			this.model ??= this.fetchModel();
			try {
				await this.model;
			} catch (error) {
				this.model = null;
				throw error;
			}
			return new Promise((resolve) => {
				this.seen = resolve;
				this.ask({
					kind: "look",
					picture
				});
			});
		}
		async fetchModel() {
			const { model } = this.images.facts;
			if (!model) throw new Error("This site came without a model.");
			const parts = Array.from({ length: model.parts }, (_, part) => load(`model-${part}`));
			this.ask({
				kind: "model",
				model,
				weights: await Promise.all(parts)
			});
		}
		/** The `k` nearest of a row; only the latest question is answered. */
		search(row, k, answered) {
			const part = Math.floor(row / this.images.facts.vectorsAtOnce);
			if (row !== -1 && this.pending.delete(part)) this.fetch(part);
			this.answered = answered;
			this.ask({
				kind: "search",
				number: ++this.number,
				row,
				k
			});
		}
		async next() {
			for (;;) {
				const part = this.pending.values().next();
				if (part.done) return;
				this.pending.delete(part.value);
				await this.fetch(part.value);
			}
		}
		async fetch(part) {
			try {
				const base64 = await load(`vectors-${part}`);
				this.ask({
					kind: "take",
					start: part * this.images.facts.vectorsAtOnce,
					base64
				});
			} catch (error) {
				this.failed(error);
			}
		}
		ask(ask) {
			this.worker.postMessage(ask);
		}
	};
	// site/src/sheets.ts
	var version = document.documentElement.dataset.version;
	var Sheets = class {
		images;
		perSheet;
		loading = /* @__PURE__ */ new Map();
		constructor(images) {
			this.images = images;
			this.perSheet = images.facts.tile.across ** 2;
		}
		url(row) {
			return `thumbs/${Math.floor(row / this.perSheet)}.webp?v=${version}`;
		}
		/** Column and row of a tile on its sheet, and how many rows that sheet has. */
		place(row) {
			const { across } = this.images.facts.tile;
			const first = row - row % this.perSheet;
			const tiles = Math.min(this.perSheet, this.images.facts.count - first);
			const at = row % this.perSheet;
			return {
				right: at % across,
				down: Math.floor(at / across),
				rows: Math.ceil(tiles / across)
			};
		}
		/** Shows the thumbnail of a row in an element of the tile's shape, once it is there. */
		show(element, row) {
			element.className = "picture";
			element.style.backgroundImage = "";
			if (this.images.missing.has(row)) return void element.classList.add("lost");
			element.dataset.row = String(row);
			this.ready(row).then(() => {
				if (element.dataset.row !== String(row)) return;
				const { across } = this.images.facts.tile;
				const { right, down, rows } = this.place(row);
				element.style.backgroundImage = `url("${this.url(row)}")`;
				element.style.backgroundSize = `${100 * across}% ${100 * rows}%`;
				const y = rows > 1 ? 100 * down / (rows - 1) : 0;
				element.style.backgroundPosition = `${100 * right / (across - 1)}% ${y}%`;
				element.classList.add("ready");
			}, () => element.dataset.row === String(row) && element.classList.add("lost"));
		}
		ready(row) {
			const sheet = Math.floor(row / this.perSheet);
			let found = this.loading.get(sheet);
			if (!found) {
				const image = new Image();
				image.src = this.url(row);
				found = image.decode();
				this.loading.set(sheet, found);
				found.catch(() => this.loading.delete(sheet));
			}
			return found;
		}
	};
	// site/src/main.ts
	var FIRST = 120;
	/** The row of an id that no image has. */
	var UNKNOWN = -2;
	var status = byId("status");
	var Page = class {
		images;
		sheets;
		grid;
		facets;
		searcher;
		map;
		view = readView(location.hash);
		filtered;
		found = null;
		query = null;
		own = null;
		pictures = 0;
		wanted = FIRST;
		asking = false;
		asked = 0;
		answers = 0;
		filteredBy = "";
		constructor(facts) {
			this.images = new Collection(facts);
			this.sheets = new Sheets(this.images);
			this.filtered = filter(this.images, this.view);
			this.grid = new Grid(byId("results"), byId("grid"), this.images, this.sheets, (row) => this.link(row), () => this.more());
			this.facets = new Facets(byId("facets"), byId("chips"), this.images, (change) => this.go(change));
			this.searcher = new Searcher(this.images, () => this.progressed(), (error) => this.fault(error.message));
			this.map = facts.map ? new MapView(byId("map"), this.images, this.sheets, (row) => this.go((view) => view.id = this.images.ids[row])) : null;
			byId("map-button").hidden = !this.map;
			byId("own").hidden = !facts.model;
			if (facts.model) listenForPictures(byId("own"), (file) => void this.take(file));
			const { width, height } = facts.tile;
			document.documentElement.style.setProperty("--shape", `${width} / ${height}`);
			this.listen();
		}
		async open() {
			await this.images.loadAll((start) => {
				this.searcher.places(start, this.images.known);
				if (start === 0) this.apply();
				else this.grown();
			});
			this.map?.lay();
			this.searcher.loadAll();
		}
		listen() {
			const text = byId("text");
			addEventListener("hashchange", () => this.apply());
			text.addEventListener("input", () => {
				this.view.text = text.value;
				history.replaceState(null, "", writeView(this.view));
				this.apply();
			});
			byId("random").addEventListener("click", () => this.random());
			byId("map-button").addEventListener("click", () => this.go((view) => view.map = !view.map));
			document.addEventListener("keydown", (event) => {
				if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement || event.ctrlKey || event.metaKey || event.altKey) return;
				if (event.key === "r") this.random();
				else if (event.key === "o" && this.images.facts.model) byId("own").click();
				else if (event.key === "m" && this.map) this.go((view) => view.map = !view.map);
				else if (event.key === "/") {
					event.preventDefault();
					text.focus();
				}
			});
		}
		link(row) {
			return writeView({
				...this.view,
				id: this.images.ids[row],
				own: false
			});
		}
		go(change) {
			const view = readView(writeView(this.view));
			change(view);
			location.hash = writeView(view);
		}
		random() {
			const rows = this.shownRows().filter((row) => row !== this.query);
			const row = rows[Math.floor(Math.random() * rows.length)];
			if (row !== void 0) this.go((view) => view.id = this.images.ids[row]);
		}
		/** Looks for what is like a picture of the visitor's own, the latest one. */
		async take(file) {
			const turn = ++this.pictures;
			status.textContent = "Looking at your picture …";
			byId("message").hidden = true;
			try {
				const own = await opened(file).catch(() => {
					throw new Error("Your browser cannot read this file as a picture.");
				});
				await this.searcher.look(own.picture);
				if (turn !== this.pictures) return;
				this.own = own;
			} catch (error) {
				if (turn === this.pictures) this.refuse(error.message);
				return;
			}
			if (this.view.own && this.view.id === null) return this.apply();
			this.go((view) => {
				view.id = null;
				view.own = true;
			});
		}
		refuse(text) {
			status.textContent = "";
			this.message("That did not work", text, null, () => void 0);
		}
		/** Shows what the address asks for. */
		apply() {
			this.view = readView(location.hash);
			this.filter();
			const text = byId("text");
			if (document.activeElement !== text) text.value = this.view.text;
			byId("map").hidden = !(this.map && this.view.map);
			byId("map-button").setAttribute("aria-pressed", String(this.view.map));
			this.found = null;
			this.wanted = FIRST;
			byId("message").hidden = true;
			const { id } = this.view;
			if (id !== null) this.query = this.images.row(id) ?? UNKNOWN;
			else this.query = this.view.own && this.own ? -1 : null;
			this.showQuery();
			if (this.query === null) this.browse();
			else if (this.query !== UNKNOWN) this.search();
			else this.unknown(id);
			this.map?.show(this.filtered.mask, Math.max(-1, this.query ?? -1), []);
		}
		/** More images are known: the view is the same, with more in it. */
		grown() {
			this.filter();
			if (this.query === null) this.browse(true);
			else if (this.query === UNKNOWN) this.apply();
			else this.search();
		}
		/** Works out which images are shown, where that is not as before. */
		filter() {
			const key = JSON.stringify([this.images.known, writeView({
				...this.view,
				id: null,
				map: false
			})]);
			if (key === this.filteredBy) return;
			this.filteredBy = key;
			this.filtered = filter(this.images, this.view);
			this.facets.show(this.view, this.filtered);
			this.searcher.allow(this.filtered.mask);
		}
		shownRows() {
			const all = Uint32Array.from({ length: this.images.known }, (_, row) => row);
			const { mask } = this.filtered;
			return mask ? all.filter((row) => mask[row]) : all;
		}
		browse(stay = false) {
			document.title = this.images.facts.title;
			this.grid.show({
				rows: this.shownRows(),
				scores: null
			}, stay);
			const { count } = this.images.facts;
			if (!this.images.whole) status.textContent = `${number(this.images.known)} of ${images(count)} …`;
			else status.textContent = this.filtered.mask ? `${number(this.filtered.count)} of ${images(count)}` : `${images(count)}. Choose one to see what looks like it.`;
			if (this.images.whole && this.filtered.count === 0) this.nothing();
		}
		search() {
			this.asking = true;
			this.asked = performance.now();
			if (!this.searcher.whole) status.textContent = "Looking …";
			this.searcher.search(this.query, this.wanted, (found) => this.answered(found));
		}
		answered(found) {
			const stay = this.found !== null;
			const same = stay && String(found.rows) === String(this.found.rows);
			this.asking = false;
			this.found = found;
			if (!same) this.grid.show(found, stay);
			this.map?.show(this.filtered.mask, this.query, found.rows);
			const { count } = this.images.facts;
			const among = this.filtered.mask ? `, among ${images(this.filtered.count)}` : "";
			status.textContent = found.loaded < count ? `Most similar first, of the ${number(found.loaded)} of ${images(count)} loaded so far …` : `Most similar first${among}`;
			if (found.loaded === count && found.rows.length === 0) this.nothing();
			document.documentElement.dataset.answers = String(++this.answers);
		}
		/** More vectors are there: what was found may have changed. */
		progressed() {
			if (this.query !== null && this.query !== UNKNOWN && !this.asking && (this.searcher.whole || performance.now() - this.asked > 1e3)) this.search();
		}
		/** The end of what was found is near. */
		more() {
			if (this.found === null || this.asking || this.found.rows.length < this.wanted) return;
			this.wanted *= 4;
			this.search();
		}
		showQuery() {
			const panel = byId("query");
			panel.hidden = this.query === null || this.query === UNKNOWN;
			if (panel.hidden) return;
			const row = this.query;
			const { images } = this;
			const back = element("a", "back", "Show all images");
			back.href = writeView({
				...this.view,
				id: null,
				own: false
			});
			const text = element("div", "about");
			if (row === -1) {
				document.title = `Your picture · ${images.facts.title}`;
				text.append(element("p", "kicker", "What looks like"), element("h2", "", "Your picture"), element("p", "id", "It was looked at here, in your browser, and sent to nobody."), back);
				panel.replaceChildren(this.own.canvas, text);
				return;
			}
			document.title = `${images.labels[row] ?? images.ids[row]} · ${images.facts.title}`;
			const picture = element("span");
			this.sheets.show(picture, row);
			const facts = element("dl");
			images.facts.columns.forEach((column, i) => {
				const kind = images.codes[i][row];
				if (column.name !== "label" && kind < column.kinds) facts.append(element("dt", "", column.name), element("dd", "", column.names[kind]));
			});
			const title = element("h2");
			title.append(element("bdi", "", images.labels[row] ?? images.ids[row]));
			text.append(element("p", "kicker", "What looks like"), title);
			if (images.labels[row] !== null) text.append(element("p", "id", images.ids[row]));
			text.append(facts, back);
			panel.replaceChildren(picture, text);
		}
		unknown(id) {
			this.grid.show({
				rows: [],
				scores: null
			});
			if (!this.images.whole) {
				status.textContent = "Looking …";
				return;
			}
			status.textContent = "";
			this.message("No such image here", `Nothing is called “${id}”. It may have been renamed or taken out.`, "Show all images", (view) => {
				view.id = null;
				view.own = false;
			});
		}
		nothing() {
			this.message("Nothing fits these filters", "Take one of them back, or all.", "Clear the filters", (view) => {
				view.kinds.clear();
				view.text = "";
			});
		}
		fault(text) {
			this.message("Part of this page could not be loaded", `${text} What is shown may be incomplete.`, null, () => void 0);
		}
		message(title, text, action, act) {
			const box = byId("message");
			box.replaceChildren(element("h2", "", title), element("p", "", text));
			if (action) {
				const button = element("button", "", action);
				button.type = "button";
				button.addEventListener("click", () => this.go(act));
				box.append(button);
			}
			box.hidden = false;
		}
		/** Milliseconds from a click to its answer in the page, for as many clicks, each looked at. */
		async measure(clicks) {
			const taken = [];
			for (let i = 0; i < clicks; i++) {
				const row = Math.floor(i * this.images.known / clicks);
				const before = document.documentElement.dataset.answers;
				const began = performance.now();
				location.hash = this.link(row);
				while (document.documentElement.dataset.answers === before) await new Promise((resume) => setTimeout(resume));
				taken.push(performance.now() - began);
				for (let wait = 0; wait < 100 && document.querySelector("#grid .picture:not(.ready, .lost)"); wait++) await new Promise((resume) => setTimeout(resume, 20));
			}
			return taken;
		}
		/** For tests and for the curious. */
		get inside() {
			return {
				images: this.images,
				searcher: this.searcher,
				map: this.map
			};
		}
	};
	load("site").then(async (facts) => {
		const page = new Page(facts);
		Object.assign(window, { lookalikeSite: page });
		await page.open();
	}).catch((error) => {
		status.textContent = `${error.message} Reload the page to try again.`;
		status.classList.add("fault");
	});
})();
