// The images of the site: names, labels and columns by row, which arrive part by part.

import { bytesOf } from "../../shared/bytes";
import { load } from "./load";
import type { Metric } from "./search";
import type { Model } from "./worker";

export interface Column {
  name: string;
  names: string[];
  ordered: boolean;
  kinds: number;
}
export interface Facts {
  title: string;
  count: number;
  dim: number;
  metric: Metric;
  columns: Column[];
  map: boolean;
  imagesAtOnce: number;
  vectorsAtOnce: number;
  tile: { width: number; height: number; across: number };
  /** What makes the vector of a visitor's picture, in so many parts; null where they cannot ask with one. */
  model: (Model & { name: string; parts: number }) | null;
}
interface Part {
  ids: string[];
  labels: (string | null)[];
  places: string;
  columns: string[];
  missing: number[];
  points?: string;
}

export class Collection {
  readonly facts: Facts;
  readonly ids: string[] = [];
  readonly labels: (string | null)[] = [];
  readonly places: Uint32Array;
  readonly codes: Uint8Array[];
  readonly missing = new Set<number>();
  readonly x: Float32Array;
  readonly y: Float32Array;
  private readonly rows = new Map<string, number>();

  constructor(facts: Facts) {
    this.facts = facts;
    this.places = new Uint32Array(facts.count);
    this.codes = facts.columns.map(() => new Uint8Array(facts.count));
    this.x = new Float32Array(facts.map ? facts.count : 0).fill(NaN);
    this.y = new Float32Array(facts.map ? facts.count : 0).fill(NaN);
  }

  /** How many images are known by now; all rows below it. */
  get known(): number {
    return this.ids.length;
  }
  get whole(): boolean {
    return this.known === this.facts.count;
  }
  get parts(): number {
    return Math.ceil(this.facts.count / this.facts.imagesAtOnce);
  }

  /** Loads part after part; `arrived(start)` is called after each. */
  async loadAll(arrived: (start: number) => void): Promise<void> {
    for (let number = 0; number < this.parts; number++) {
      const start = this.known;
      this.take(start, await load<Part>(`images-${number}`));
      arrived(start);
    }
  }

  row(id: string): number | undefined {
    return this.rows.get(id);
  }

  private take(start: number, part: Part): void {
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
}
