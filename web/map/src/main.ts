// The map's page: joins the map, its legend, and the list of what is selected.

import { coloursOf, PLAIN } from "../../shared/colours";
import { beside, Scatter, type Mode } from "../../shared/scatter";
import { readMap, type Column } from "./data";
import { copyText, drawLegend, drawSelection, element, type Panel } from "./panel";
import { Sheets } from "./sheets";

const $ = <T extends HTMLElement = HTMLElement>(id: string) => document.getElementById(id) as T;
const map = readMap($("data"));
const stage = $("stage");
const card = $("card");
const colour = $<HTMLSelectElement>("colour");
const find = $<HTMLInputElement>("find");
const dark = matchMedia("(prefers-color-scheme: dark)");
const modeButtons = [...document.querySelectorAll<HTMLButtonElement>("[data-mode-button]")];
const actions = { copy: $<HTMLButtonElement>("copy"), save: $<HTMLButtonElement>("save"), clear: $<HTMLButtonElement>("clear") };
const panel: Panel = { count: $("count"), list: $("list"), buttons: Object.values(actions) };
const sheets = new Sheets(map);
sheets.listen(thumbnailsAgain, () => undefined);

let column: Column | null = null;
let hidden = new Set<number>();
let carded = -1;

const scatter = new Scatter(stage, map, map.sheets.length ? sheets : null, {
  hovered: showCard,
  selected: (rows) => drawSelection(panel, map, rows, thumbnail, (row) => scatter.hover(row)),
  moded: (mode) => modeButtons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.modeButton === mode))),
});
const chosen = () => [...scatter.selected].sort((a, b) => a - b);
const ids = () => chosen().map((row) => map.ids[row]).join("\n");

function thumbnail(row: number, target: HTMLCanvasElement): void {
  const cut = sheets.cut(row);
  const bitmap = cut && sheets.sheet(cut.sheet);
  const pen = target.getContext("2d")!;
  pen.clearRect(0, 0, target.width, target.height);
  target.dataset.row = String(row);
  if (bitmap) pen.drawImage(bitmap, cut.left, cut.top, map.side, map.side, 0, 0, target.width, target.height);
  target.classList.toggle("waiting", Boolean(cut) && !bitmap);
}

function thumbnailsAgain(): void {
  for (const target of document.querySelectorAll<HTMLCanvasElement>("canvas.waiting")) thumbnail(Number(target.dataset.row), target);
}

function showCard(row: number, px: number, py: number): void {
  card.hidden = row < 0;
  if (row !== carded && row >= 0) {
    const label = map.labels[row];
    thumbnail(row, $<HTMLCanvasElement>("picture"));
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

function colourBy(number: number): void {
  column = map.columns[number] ?? null;
  hidden = new Set();
  carded = -1;
  paint();
  refilter();
}

function paint(): void {
  const colours = column ? coloursOf(column, dark.matches) : [PLAIN];
  scatter.paint(column ? column.codes : new Uint8Array(map.count), colours, dark.matches);
  if (!column) return $("legend").replaceChildren();
  const counts = column.names.map(() => 0);
  for (const code of column.codes) counts[code]++;
  drawLegend($("legend"), column, colours, counts, hidden, toggle);
}

function toggle(kind: number, alone: boolean): void {
  const all = column!.names.map((_, i) => i);
  if (alone) hidden = new Set(all.filter((other) => other !== kind));
  else if (hidden.has(kind)) hidden.delete(kind);
  else hidden.add(kind);
  if (hidden.size === all.length) hidden.clear();
  [...$("legend").children].forEach((button, i) => button.setAttribute("aria-pressed", String(!hidden.has(i))));
  refilter();
}

function refilter(): void {
  const wanted = find.value.trim().toLowerCase();
  const shown = scatter.filter((row) => !(column && hidden.has(column.codes[row])) && (!wanted || map.ids[row].toLowerCase().includes(wanted)));
  $("shown").textContent = `${shown.toLocaleString("en")} of ${map.count.toLocaleString("en")} images`;
}

for (const button of modeButtons) button.addEventListener("click", () => scatter.setMode(button.dataset.modeButton as Mode));
const moves = { in: () => scatter.plane.zoom(1.3), out: () => scatter.plane.zoom(1 / 1.3), fit: () => scatter.plane.fit() };
for (const [id, move] of Object.entries(moves)) {
  $(id).addEventListener("click", () => {
    move();
    scatter.redraw();
  });
}
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
Object.assign(window, {
  lookalikeMap: {
    map,
    selected: chosen,
    pixels(row: number) {
      const box = stage.getBoundingClientRect();
      const [x, y] = scatter.pixels(row);
      return [x + box.left, y + box.top];
    },
    zoomTo(row: number, factor: number) {
      scatter.goTo(row, factor);
      scatter.draw();
    },
    tileSize: () => scatter.tileSize,
    /** Frames a second over some frames that turn and zoom, each drawn when the browser asks for it. */
    async measure(frames = 60) {
      const { plane } = scatter;
      const kept = [plane.cx, plane.cy, plane.scale];
      const start = performance.now();
      for (let i = 0; i < frames; i++) {
        plane.fit();
        plane.pan(30 * Math.sin(i / 5), 30 * Math.cos(i / 5));
        plane.zoom(1 + 0.3 * Math.sin(i / 9));
        scatter.draw();
        await new Promise(requestAnimationFrame);
      }
      const seconds = (performance.now() - start) / 1000;
      [plane.cx, plane.cy, plane.scale] = kept;
      scatter.draw();
      return frames / seconds;
    },
  },
});
