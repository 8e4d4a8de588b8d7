// Asks the searching thread, and feeds it vectors: first those that a question needs.

import type { Collection } from "./collection";
import type { Picture } from "./fit";
import { load } from "./load";
import type { Answer, Ask } from "./worker";
import SearchWorker from "./worker?worker&inline";

export interface Nearest {
  rows: Uint32Array;
  scores: Float64Array;
  /** How many images were compared. */
  loaded: number;
}

const AT_ONCE = 3;
/** The row that stands for the picture that was looked at last. */
export const PICTURE = -1;

export class Searcher {
  loaded = 0;
  private readonly images: Collection;
  private readonly worker: Worker = new SearchWorker();
  private readonly pending: Set<number>;
  private number = 0;
  private answered: ((found: Nearest) => void) | null = null;
  private model: Promise<void> | null = null;
  private seen: (vector: Float64Array) => void = () => undefined;

  /** `progressed()` is called when more vectors are there, `failed` when some cannot be had. */
  constructor(images: Collection, progressed: () => void, failed: (error: Error) => void) {
    this.images = images;
    const { count, dim, metric, vectorsAtOnce } = images.facts;
    this.pending = new Set(Array(Math.ceil(count / vectorsAtOnce)).keys());
    this.worker.onmessage = (event: MessageEvent<Answer>) => {
      const answer = event.data;
      if (answer.kind === "taken") {
        this.loaded = answer.loaded;
        progressed();
      } else if (answer.kind === "seen") this.seen(answer.vector);
      else if (answer.number === this.number) this.answered?.(answer);
    };
    this.ask({ kind: "open", count, dim, metric });
    this.failed = failed;
  }
  private readonly failed: (error: Error) => void;

  get whole(): boolean {
    return this.loaded === this.images.facts.count;
  }

  /** Where rows from `start` on stand in the library: of equal scores the lower is first. */
  places(start: number, end: number): void {
    this.ask({ kind: "places", start, places: this.images.places.slice(start, end) });
  }

  /** Loads all vectors, a few files at a time. */
  loadAll(): void {
    for (let i = 0; i < AT_ONCE; i++) void this.next();
  }

  allow(mask: Uint8Array | null): void {
    this.ask({ kind: "allow", mask });
  }

  /** Makes the vector of a picture, for `search(PICTURE, ...)`; the model is fetched at the first. */
  async look(picture: Picture): Promise<Float64Array> {
    this.model ??= this.fetchModel();
    try {
      await this.model;
    } catch (error) {
      this.model = null;
      throw error;
    }
    return new Promise((resolve) => {
      this.seen = resolve;
      this.ask({ kind: "look", picture });
    });
  }

  private async fetchModel(): Promise<void> {
    const { model } = this.images.facts;
    if (!model) throw new Error("This site came without a model.");
    const parts = Array.from({ length: model.parts }, (_, part) => load<string>(`model-${part}`));
    this.ask({ kind: "model", model, weights: await Promise.all(parts) });
  }

  /** The `k` nearest of a row; only the latest question is answered. */
  search(row: number, k: number, answered: (found: Nearest) => void): void {
    const part = Math.floor(row / this.images.facts.vectorsAtOnce);
    if (row !== PICTURE && this.pending.delete(part)) void this.fetch(part);
    this.answered = answered;
    this.ask({ kind: "search", number: ++this.number, row, k });
  }

  private async next(): Promise<void> {
    for (;;) {
      const part = this.pending.values().next();
      if (part.done) return;
      this.pending.delete(part.value);
      await this.fetch(part.value);
    }
  }

  private async fetch(part: number): Promise<void> {
    try {
      const base64 = await load<string>(`vectors-${part}`);
      this.ask({ kind: "take", start: part * this.images.facts.vectorsAtOnce, base64 });
    } catch (error) {
      this.failed(error as Error);
    }
  }

  private ask(ask: Ask): void {
    this.worker.postMessage(ask);
  }
}
