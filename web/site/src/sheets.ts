// Thumbnails: which part of which sheet shows an image.

import type { Collection } from "./collection";

const version = document.documentElement.dataset.version;

export class Sheets {
  private readonly images: Collection;
  private readonly perSheet: number;
  private readonly loading = new Map<number, Promise<void>>();

  constructor(images: Collection) {
    this.images = images;
    this.perSheet = images.facts.tile.across ** 2;
  }

  url(row: number): string {
    return `thumbs/${Math.floor(row / this.perSheet)}.webp?v=${version}`;
  }

  /** Column and row of a tile on its sheet, and how many rows that sheet has. */
  place(row: number): { right: number; down: number; rows: number } {
    const { across } = this.images.facts.tile;
    const first = row - (row % this.perSheet);
    const tiles = Math.min(this.perSheet, this.images.facts.count - first);
    const at = row % this.perSheet;
    return { right: at % across, down: Math.floor(at / across), rows: Math.ceil(tiles / across) };
  }

  /** Shows the thumbnail of a row in an element of the tile's shape, once it is there. */
  show(element: HTMLElement, row: number): void {
    element.className = "picture";
    element.style.backgroundImage = "";
    if (this.images.missing.has(row)) return void element.classList.add("lost");
    element.dataset.row = String(row);
    this.ready(row).then(
      () => {
        if (element.dataset.row !== String(row)) return;
        const { across } = this.images.facts.tile;
        const { right, down, rows } = this.place(row);
        element.style.backgroundImage = `url("${this.url(row)}")`;
        element.style.backgroundSize = `${100 * across}% ${100 * rows}%`;
        const y = rows > 1 ? (100 * down) / (rows - 1) : 0;
        element.style.backgroundPosition = `${(100 * right) / (across - 1)}% ${y}%`;
        element.classList.add("ready");
      },
      () => element.dataset.row === String(row) && element.classList.add("lost"),
    );
  }

  private ready(row: number): Promise<void> {
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
}
