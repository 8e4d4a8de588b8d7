// The map's page: joins data, view, drawing and panel, and answers pointer and keys.

import { readMap } from "./data.js";
import { coloursOf, css } from "./colours.js";
import { Grid, View, inside } from "./view.js";
import { Sheets } from "./sheets.js";
import { Renderer } from "./renderer.js";
import { Painter, withoutCard } from "./painter.js";
import { copyText, drawLegend, drawSelection, element } from "./panel.js";

const $ = (id) => document.getElementById(id);
const map = readMap($("data"));
const stage = $("stage");
const canvas = $("canvas");
const over = $("over");
const dark = matchMedia("(prefers-color-scheme: dark)");
const state = new Uint8Array(map.count).fill(1);
const selected = new Set();
const view = new View(stage.clientWidth, stage.clientHeight);
const grid = new Grid(map.x, map.y);
const panel = { count: $("count"), copy: $("copy"), save: $("save"), clear: $("clear"), list: $("list") };
const MOST_TILES = 1200;
const ratio = () => Math.min(2, window.devicePixelRatio || 1);

let column = null;
let hidden = new Set();
let mode = "pan";
let drag = null;
let hovered = -1;
let asked = false;
let renderer;
let tiles = { rows: [], size: 0 };

const sheets = new Sheets(map, () => { redraw(); thumbnailsAgain(); }, (number) => renderer.drop(number));

renderer = makeRenderer();
renderer.resize(ratio(), view);

/** WebGL; without a card, or without WebGL, many points are painted one by one. */
function makeRenderer() {
  if (map.count > 20000 && withoutCard()) return new Painter(canvas, map, state);
  try {
    return new Renderer(canvas, map, state);
  } catch {
    return new Painter(canvas, map, state);
  }
}

function redraw() {
  if (!asked) {
    asked = true;
    requestAnimationFrame(() => { asked = false; draw(); });
  }
}

function look() {
  const zoomed = Math.log2(view.scale / view.fitted);
  const few = map.count < 3000 ? 7 : map.count < 20000 ? 5 : 3;
  const size = Math.min(14, few * 2 ** (zoomed / 4)) * ratio();
  return { paper: dark.matches ? [0.07, 0.08, 0.09] : [0.98, 0.98, 0.97],
    marked: dark.matches ? [1, 1, 1] : [0.05, 0.05, 0.06], size, round: size > 4 };
}

/** The rows in view if thumbnails can be drawn of them, and how wide; none while they are many. */
function thumbnailsInView() {
  const [x0, y1] = view.toMap(0, 0);
  const [x1, y0] = view.toMap(view.width, view.height);
  const none = { rows: [], size: 0 };
  if (!map.sheets.length || grid.atMost(x0, y0, x1, y1) > 4 * MOST_TILES) return none;
  const rows = [];
  grid.within(x0, y0, x1, y1, (row) => { if (state[row]) rows.push(row); });
  const room = Math.sqrt((view.width * view.height) / Math.max(1, rows.length));
  return rows.length <= MOST_TILES && room > 22 ? { rows, size: Math.min(0.8 * room, 160) } : none;
}

function draw() {
  renderer.draw(view, look());
  tiles = thumbnailsInView();
  if (tiles.size) drawThumbnails();
  drawOver();
}

function drawThumbnails() {
  const bySheet = new Map();
  for (const row of tiles.rows) {
    const place = sheets.place(row);
    if (!place) continue;
    if (!bySheet.has(place.sheet)) bySheet.set(place.sheet, { rows: [], places: [] });
    bySheet.get(place.sheet).rows.push(row);
    bySheet.get(place.sheet).places.push(place.left, place.top);
  }
  for (const [number, { rows, places }] of bySheet) {
    const bitmap = sheets.get(number);
    if (bitmap) renderer.drawTiles(view, tiles.size, bitmap, number, rows, places);
  }
}

/** Frames around what is selected or pointed at, and the line that is being drawn. */
function drawOver() {
  const pen = over.getContext("2d");
  pen.setTransform(ratio(), 0, 0, ratio(), 0, 0);
  pen.clearRect(0, 0, view.width, view.height);
  pen.strokeStyle = dark.matches ? "#fff" : "#111";
  pen.lineWidth = 2;
  for (const row of tiles.rows) if (state[row] === 2) frame(pen, row);
  if (hovered >= 0) {
    const [px, py] = view.toPixels(map.x[hovered], map.y[hovered]);
    if (tiles.size) frame(pen, hovered);
    else { pen.beginPath(); pen.arc(px, py, 8, 0, 7); pen.stroke(); }
  }
  if (drag?.line) {
    pen.setLineDash([6, 4]);
    pen.beginPath();
    drag.line.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.closePath();
    pen.stroke();
    pen.setLineDash([]);
  }
}

function frame(pen, row) {
  const [px, py] = view.toPixels(map.x[row], map.y[row]);
  pen.strokeRect(px - tiles.size / 2, py - tiles.size / 2, tiles.size, tiles.size);
}

function thumbnail(row, target) {
  const place = sheets.place(row);
  const bitmap = place && sheets.get(place.sheet);
  const pen = target.getContext("2d");
  pen.clearRect(0, 0, target.width, target.height);
  target.dataset.row = row;
  if (bitmap) pen.drawImage(bitmap, place.left, place.top, map.side, map.side, 0, 0, target.width, target.height);
  target.classList.toggle("waiting", Boolean(place) && !bitmap);
}

function thumbnailsAgain() {
  for (const target of document.querySelectorAll("canvas.waiting")) thumbnail(Number(target.dataset.row), target);
}

function hover(row, px, py) {
  if (row !== hovered) {
    hovered = row;
    const card = $("card");
    card.hidden = row < 0;
    if (row >= 0) {
      thumbnail(row, $("picture"));
      $("picture").hidden = !sheets.place(row);
      $("id").textContent = map.ids[row];
      $("label").textContent = map.labels[row] ?? "";
      $("label").hidden = map.labels[row] === null;
      $("kind").textContent = column ? `${column.name}: ${column.names[column.codes[row]]}` : "";
      $("kind").hidden = !column || column.name === "label";
    }
    redraw();
  }
  if (row >= 0) {
    const card = $("card");
    const [x, y] = px === undefined ? view.toPixels(map.x[row], map.y[row]) : [px, py];
    card.style.left = `${Math.max(8, Math.min(x + 16, view.width - card.offsetWidth - 8))}px`;
    card.style.top = `${Math.max(8, Math.min(y + 16, view.height - card.offsetHeight - 8))}px`;
  }
}

function pointAt(px, py) {
  const [x, y] = view.toMap(px, py);
  const reach = Math.max(10, tiles.size / 2) / view.scale;
  return grid.nearest(x, y, reach, (row) => state[row] > 0);
}

function colourBy(number) {
  column = map.columns[number] ?? null;
  hidden = new Set();
  paint();
  refilter();
}

function paint() {
  const codes = column ? column.codes : new Uint8Array(map.count);
  const colours = column ? coloursOf(column, dark.matches) : [[0.1, 0.55, 0.5]];
  renderer.setKinds(codes, colours);
  if (!column) { $("legend").replaceChildren(); return redraw(); }
  const counts = column.names.map(() => 0);
  for (const code of column.codes) counts[code]++;
  drawLegend($("legend"), column, colours, counts, hidden, toggle);
  redraw();
}

function toggle(kind, alone) {
  const all = column.names.map((_, i) => i);
  if (alone) hidden = new Set(all.filter((other) => other !== kind));
  else if (hidden.has(kind)) hidden.delete(kind);
  else hidden.add(kind);
  if (hidden.size === all.length) hidden.clear();
  [...$("legend").children].forEach((b, i) => b.setAttribute("aria-pressed", String(!hidden.has(i))));
  refilter();
}

function refilter() {
  const wanted = $("find").value.trim().toLowerCase();
  let shown = 0;
  for (let i = 0; i < map.count; i++) {
    const seen = !(column && hidden.has(column.codes[i])) &&
      (!wanted || map.ids[i].toLowerCase().includes(wanted));
    state[i] = seen ? (selected.has(i) ? 2 : 1) : 0;
    shown += seen ? 1 : 0;
  }
  $("shown").textContent = `${shown.toLocaleString("en")} of ${map.count.toLocaleString("en")} images`;
  renderer.setStates(state);
  redraw();
}

function select(rows, add) {
  if (!add) selected.clear();
  rows.forEach((row) => selected.add(row));
  for (let i = 0; i < map.count; i++) if (state[i]) state[i] = selected.has(i) ? 2 : 1;
  renderer.setStates(state);
  drawSelection(panel, map, chosen(), thumbnail, hover);
  redraw();
}

const chosen = () => [...selected].sort((a, b) => a - b);
const ids = () => chosen().map((row) => map.ids[row]).join("\n");

function selectInside(line, add) {
  const corners = line.map(([px, py]) => view.toMap(px, py));
  const xs = corners.map((c) => c[0]);
  const ys = corners.map((c) => c[1]);
  const rows = [];
  grid.within(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys), (row) => {
    if (state[row] && inside(map.x[row], map.y[row], corners)) rows.push(row);
  });
  select(rows, add);
}

function setMode(name) {
  mode = name;
  stage.dataset.mode = name;
  for (const button of document.querySelectorAll("[data-mode-button]")) {
    button.setAttribute("aria-pressed", String(button.dataset.modeButton === name));
  }
}

const placeOf = (event) => {
  const box = stage.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};

stage.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  const at = placeOf(event);
  const how = event.shiftKey ? "box" : event.altKey ? "lasso" : mode;
  drag = { how, from: at, last: at, moved: false, line: how === "pan" ? null : [at], add: event.ctrlKey || event.metaKey };
  stage.setPointerCapture(event.pointerId);
  stage.focus({ preventScroll: true });
});
stage.addEventListener("pointermove", (event) => {
  const at = placeOf(event);
  if (!drag) return hover(pointAt(...at), ...at);
  if (Math.hypot(at[0] - drag.from[0], at[1] - drag.from[1]) > 3) drag.moved = true;
  if (drag.how === "pan") view.pan(at[0] - drag.last[0], at[1] - drag.last[1]);
  else if (drag.how === "lasso") drag.line.push(at);
  else drag.line = [drag.from, [at[0], drag.from[1]], at, [drag.from[0], at[1]]];
  drag.last = at;
  hover(-1);
  return redraw();
});
stage.addEventListener("pointerup", () => {
  if (!drag) return;
  const { how, moved, line, add, from } = drag;
  drag = null;
  if (!moved) {
    const row = pointAt(...from);
    if (row >= 0) select([row], add);
  } else if (how !== "pan") selectInside(line, add);
  redraw();
});
stage.addEventListener("pointercancel", () => { drag = null; redraw(); });
stage.addEventListener("pointerleave", () => { if (!drag) hover(-1); });
stage.addEventListener("wheel", (event) => {
  event.preventDefault();
  view.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), ...placeOf(event));
  redraw();
}, { passive: false });

const KEYS = {
  ArrowLeft: () => view.pan(60, 0), ArrowRight: () => view.pan(-60, 0),
  ArrowUp: () => view.pan(0, 60), ArrowDown: () => view.pan(0, -60),
  "+": () => view.zoom(1.3, view.width / 2, view.height / 2),
  "=": () => view.zoom(1.3, view.width / 2, view.height / 2),
  "-": () => view.zoom(1 / 1.3, view.width / 2, view.height / 2),
  0: () => view.fit(),
  p: () => setMode("pan"), b: () => setMode("box"), l: () => setMode("lasso"),
  Escape: () => select([], false),
  Enter: () => { if (hovered >= 0) select([hovered], true); },
  n: () => hover(nearestToCentre()),
};

/** The point nearest to the middle of the view: what the keyboard points at. */
function nearestToCentre() {
  return grid.nearest(view.cx, view.cy, Math.max(view.width, view.height) / view.scale, (row) => state[row] > 0);
}

stage.addEventListener("keydown", (event) => {
  const act = KEYS[event.key];
  if (!act || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  act();
  if (event.key.startsWith("Arrow")) hover(nearestToCentre());
  redraw();
});

for (const button of document.querySelectorAll("[data-mode-button]")) {
  button.addEventListener("click", () => setMode(button.dataset.modeButton));
}
$("in").addEventListener("click", () => { KEYS["+"](); redraw(); });
$("out").addEventListener("click", () => { KEYS["-"](); redraw(); });
$("fit").addEventListener("click", () => { view.fit(); redraw(); });
$("colour").addEventListener("change", () => colourBy(Number($("colour").value)));
$("find").addEventListener("input", refilter);
panel.clear.addEventListener("click", () => select([], false));
panel.copy.addEventListener("click", async () => {
  await copyText(ids());
  panel.count.textContent = `${selected.size.toLocaleString("en")} copied`;
});
panel.save.addEventListener("click", () => {
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([ids() + "\n"], { type: "text/plain" }));
  link.download = "selection.txt";
  link.click();
  URL.revokeObjectURL(link.href);
});
dark.addEventListener("change", paint);
new ResizeObserver(() => {
  const fitted = Math.abs(view.scale - view.fitted) < 1e-9;
  view.resize(stage.clientWidth, stage.clientHeight);
  if (fitted) view.fit();
  renderer.resize(ratio(), view);
  over.width = Math.round(view.width * ratio());
  over.height = Math.round(view.height * ratio());
  draw();
}).observe(stage);

map.columns.forEach((one, i) => {
  const option = element("option", "", one.name);
  option.value = i;
  $("colour").append(option);
});
$("colour").append(Object.assign(element("option", "", "nothing"), { value: -1 }));
setMode("pan");
colourBy(map.columns.length ? 0 : -1);
drawSelection(panel, map, [], thumbnail, hover);

/** For tests and for the curious: where a point is, and how many frames a second are drawn. */
window.lookalikeMap = {
  map,
  selected: chosen,
  pixels: (row) => { const box = stage.getBoundingClientRect(); const [x, y] = view.toPixels(map.x[row], map.y[row]); return [x + box.left, y + box.top]; },
  zoomTo: (row, factor) => { view.zoom(factor, ...view.toPixels(map.x[row], map.y[row])); view.cx = map.x[row]; view.cy = map.y[row]; draw(); },
  tileSize: () => tiles.size,
  /** Frames a second over some frames that turn and zoom, each drawn when the browser asks for it. */
  async measure(frames = 60) {
    const kept = [view.cx, view.cy, view.scale];
    const start = performance.now();
    for (let i = 0; i < frames; i++) {
      view.fit();
      view.pan(30 * Math.sin(i / 5), 30 * Math.cos(i / 5));
      view.zoom(1 + 0.3 * Math.sin(i / 9), view.width / 2, view.height / 2);
      draw();
      await new Promise(requestAnimationFrame);
    }
    const seconds = (performance.now() - start) / 1000;
    [view.cx, view.cy, view.scale] = kept;
    draw();
    return frames / seconds;
  },
};
