// The page: follows the address, and shows what it asks for.

import { readView, writeView, type View } from "./address";
import { Collection, type Facts } from "./collection";
import { byId, element, images as howMany, number } from "./dom";
import { Facets } from "./facets";
import { filter, type Filtered } from "./filters";
import { Grid } from "./grid";
import { load } from "./load";
import { MapView } from "./map";
import { listenForPictures, opened, type Own } from "./own";
import { PICTURE, Searcher, type Nearest } from "./searcher";
import { Sheets } from "./sheets";
import "./app.css";

const FIRST = 120;
/** The row of an id that no image has. */
const UNKNOWN = -2;
const status = byId("status");

class Page {
  private readonly images: Collection;
  private readonly sheets: Sheets;
  private readonly grid: Grid;
  private readonly facets: Facets;
  private readonly searcher: Searcher;
  private readonly map: MapView | null;
  private view: View = readView(location.hash);
  private filtered: Filtered;
  private found: Nearest | null = null;
  private query: number | null = null;
  private own: Own | null = null;
  private pictures = 0;
  private wanted = FIRST;
  private asking = false;
  private asked = 0;
  private answers = 0;
  private filteredBy = "";

  constructor(facts: Facts) {
    this.images = new Collection(facts);
    this.sheets = new Sheets(this.images);
    this.filtered = filter(this.images, this.view);
    this.grid = new Grid(byId("results"), byId("grid"), this.images, this.sheets, (row) => this.link(row), () => this.more());
    this.facets = new Facets(byId("facets"), byId("chips"), this.images, (change) => this.go(change));
    this.searcher = new Searcher(this.images, () => this.progressed(), (error) => this.fault(error.message));
    this.map = facts.map ? new MapView(byId("map"), this.images, this.sheets, (row) => this.go((view) => (view.id = this.images.ids[row]))) : null;
    byId("map-button").hidden = !this.map;
    byId("own").hidden = !facts.model;
    if (facts.model) listenForPictures(byId("own"), (file) => void this.take(file));
    const { width, height } = facts.tile;
    document.documentElement.style.setProperty("--shape", `${width} / ${height}`);
    this.listen();
  }

  async open(): Promise<void> {
    await this.images.loadAll((start) => {
      this.searcher.places(start, this.images.known);
      if (start === 0) this.apply();
      else this.grown();
    });
    this.map?.lay();
    this.searcher.loadAll();
  }

  private listen(): void {
    const text = byId<HTMLInputElement>("text");
    addEventListener("hashchange", () => this.apply());
    text.addEventListener("input", () => {
      this.view.text = text.value;
      history.replaceState(null, "", writeView(this.view));
      this.apply();
    });
    byId("random").addEventListener("click", () => this.random());
    byId("map-button").addEventListener("click", () => this.go((view) => (view.map = !view.map)));
    document.addEventListener("keydown", (event) => {
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "r") this.random();
      else if (event.key === "o" && this.images.facts.model) byId("own").click();
      else if (event.key === "m" && this.map) this.go((view) => (view.map = !view.map));
      else if (event.key === "/") {
        event.preventDefault();
        text.focus();
      }
    });
  }

  private link(row: number): string {
    return writeView({ ...this.view, id: this.images.ids[row], own: false });
  }

  private go(change: (view: View) => void): void {
    const view = readView(writeView(this.view));
    change(view);
    location.hash = writeView(view);
  }

  private random(): void {
    const rows = this.shownRows().filter((row) => row !== this.query);
    const row = rows[Math.floor(Math.random() * rows.length)];
    if (row !== undefined) this.go((view) => (view.id = this.images.ids[row]));
  }

  /** Looks for what is like a picture of the visitor's own, the latest one. */
  private async take(file: Blob): Promise<void> {
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
      if (turn === this.pictures) this.refuse((error as Error).message);
      return;
    }
    if (this.view.own && this.view.id === null) return this.apply();
    this.go((view) => {
      view.id = null;
      view.own = true;
    });
  }

  private refuse(text: string): void {
    status.textContent = "";
    this.message("That did not work", text, null, () => undefined);
  }

  /** Shows what the address asks for. */
  private apply(): void {
    this.view = readView(location.hash);
    this.filter();
    const text = byId<HTMLInputElement>("text");
    if (document.activeElement !== text) text.value = this.view.text;
    byId("map").hidden = !(this.map && this.view.map);
    byId("map-button").setAttribute("aria-pressed", String(this.view.map));
    this.found = null;
    this.wanted = FIRST;
    byId("message").hidden = true;
    const { id } = this.view;
    if (id !== null) this.query = this.images.row(id) ?? UNKNOWN;
    else this.query = this.view.own && this.own ? PICTURE : null;
    this.showQuery();
    if (this.query === null) this.browse();
    else if (this.query !== UNKNOWN) this.search();
    else this.unknown(id!);
    this.map?.show(this.filtered.mask, Math.max(-1, this.query ?? -1), []);
  }

  /** More images are known: the view is the same, with more in it. */
  private grown(): void {
    this.filter();
    if (this.query === null) this.browse(true);
    else if (this.query === UNKNOWN) this.apply();
    else this.search();
  }

  /** Works out which images are shown, where that is not as before. */
  private filter(): void {
    const key = JSON.stringify([this.images.known, writeView({ ...this.view, id: null, map: false })]);
    if (key === this.filteredBy) return;
    this.filteredBy = key;
    this.filtered = filter(this.images, this.view);
    this.facets.show(this.view, this.filtered);
    this.searcher.allow(this.filtered.mask);
  }

  private shownRows(): Uint32Array {
    const all = Uint32Array.from({ length: this.images.known }, (_, row) => row);
    const { mask } = this.filtered;
    return mask ? all.filter((row) => mask[row]) : all;
  }

  private browse(stay = false): void {
    document.title = this.images.facts.title;
    this.grid.show({ rows: this.shownRows(), scores: null }, stay);
    const { count } = this.images.facts;
    if (!this.images.whole) status.textContent = `${number(this.images.known)} of ${howMany(count)} …`;
    else status.textContent = this.filtered.mask ? `${number(this.filtered.count)} of ${howMany(count)}` : `${howMany(count)}. Choose one to see what looks like it.`;
    if (this.images.whole && this.filtered.count === 0) this.nothing();
  }

  private search(): void {
    this.asking = true;
    this.asked = performance.now();
    if (!this.searcher.whole) status.textContent = "Looking …";
    this.searcher.search(this.query!, this.wanted, (found) => this.answered(found));
  }

  private answered(found: Nearest): void {
    const stay = this.found !== null;
    const same = stay && String(found.rows) === String(this.found!.rows);
    this.asking = false;
    this.found = found;
    if (!same) this.grid.show(found, stay);
    this.map?.show(this.filtered.mask, this.query!, found.rows);
    const { count } = this.images.facts;
    const among = this.filtered.mask ? `, among ${howMany(this.filtered.count)}` : "";
    status.textContent = found.loaded < count
      ? `Most similar first, of the ${number(found.loaded)} of ${howMany(count)} loaded so far …`
      : `Most similar first${among}`;
    if (found.loaded === count && found.rows.length === 0) this.nothing();
    document.documentElement.dataset.answers = String(++this.answers);
  }

  /** More vectors are there: what was found may have changed. */
  private progressed(): void {
    if (this.query !== null && this.query !== UNKNOWN && !this.asking && (this.searcher.whole || performance.now() - this.asked > 1000)) this.search();
  }

  /** The end of what was found is near. */
  private more(): void {
    if (this.found === null || this.asking || this.found.rows.length < this.wanted) return;
    this.wanted *= 4;
    this.search();
  }

  private showQuery(): void {
    const panel = byId("query");
    panel.hidden = this.query === null || this.query === UNKNOWN;
    if (panel.hidden) return;
    const row = this.query!;
    const { images } = this;
    const back = element("a", "back", "Show all images");
    back.href = writeView({ ...this.view, id: null, own: false });
    const text = element("div", "about");
    if (row === PICTURE) {
      document.title = `Your picture · ${images.facts.title}`;
      text.append(element("p", "kicker", "What looks like"), element("h2", "", "Your picture"), element("p", "id", "It was looked at here, in your browser, and sent to nobody."), back);
      panel.replaceChildren(this.own!.canvas, text);
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

  private unknown(id: string): void {
    this.grid.show({ rows: [], scores: null });
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

  private nothing(): void {
    this.message("Nothing fits these filters", "Take one of them back, or all.", "Clear the filters", (view) => {
      view.kinds.clear();
      view.text = "";
    });
  }

  private fault(text: string): void {
    this.message("Part of this page could not be loaded", `${text} What is shown may be incomplete.`, null, () => undefined);
  }

  private message(title: string, text: string, action: string | null, act: (view: View) => void): void {
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
  async measure(clicks: number): Promise<number[]> {
    const taken: number[] = [];
    for (let i = 0; i < clicks; i++) {
      const row = Math.floor((i * this.images.known) / clicks);
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
    return { images: this.images, searcher: this.searcher, map: this.map };
  }
}

load<Facts>("site").then(
  async (facts) => {
    const page = new Page(facts);
    Object.assign(window, { lookalikeSite: page });
    await page.open();
  },
).catch((error: Error) => {
  status.textContent = `${error.message} Reload the page to try again.`;
  status.classList.add("fault");
});
