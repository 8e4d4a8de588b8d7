// The answer as it grows: the first page, then more as the end comes near; only the latest question counts.

import { tick } from "svelte";
import { Problem } from "../api";
import type { Hit, Page } from "./ask";

const FIRST = 60;
const MORE = 150;
const REMEMBERED = 12;

type Ask = (count: number, from: number | null, signal: AbortSignal) => Promise<Page>;
interface Answer {
  hits: Hit[];
  next: number | null;
  took: number;
  scroll: number;
}

export class Results {
  hits = $state.raw<Hit[]>([]);
  /** The first page of a question is on its way; what is shown answers the one before. */
  busy = $state(true);
  more = $state(false);
  fault = $state.raw<Error | null>(null);
  /** Milliseconds that the first page took. */
  took = $state(0);
  private next: number | null = null;
  private turn = new AbortController();
  private key = "";
  private readonly before = new Map<string, Answer>();

  get whole(): boolean {
    return this.next === null;
  }

  /** Forgets the question before and asks a new one; on the way back the answer is still there, and where it was scrolled to. */
  async ask(key: string, returned: boolean, page: Ask): Promise<void> {
    this.turn.abort();
    const turn = (this.turn = new AbortController());
    this.page = page;
    const known = returned ? this.before.get(key) : undefined;
    const again = key === this.key;
    this.key = key;
    this.more = false;
    if (known) {
      ({ hits: this.hits, next: this.next, took: this.took } = known);
      this.busy = false;
      this.fault = null;
      await tick();
      scrollTo(0, known.scroll);
      return;
    }
    this.busy = true;
    if (!again) scrollTo(0, 0);
    const began = performance.now();
    await this.take(turn, FIRST, null, () => (this.took = performance.now() - began));
  }

  /** Notes how far the answer was scrolled. */
  scrolled(to: number): void {
    const answer = this.before.get(this.key);
    if (answer) answer.scroll = to;
  }

  /** Asks for the next page, unless there is none or it is on its way. */
  async reach(): Promise<void> {
    if (this.busy || this.more || this.next === null || this.fault) return;
    this.more = true;
    await this.take(this.turn, MORE, this.next, () => {});
  }

  /** Asks again for what failed. */
  async retry(): Promise<void> {
    this.fault = null;
    if (this.hits.length && this.next !== null) await this.reach();
    else await this.ask(this.key, false, this.page);
  }

  private page: Ask = () => new Promise(() => {});

  private remember(): void {
    const scroll = this.before.get(this.key)?.scroll ?? 0;
    this.before.delete(this.key);
    this.before.set(this.key, { hits: this.hits, next: this.next, took: this.took, scroll });
    for (const key of this.before.keys()) if (this.before.size > REMEMBERED) this.before.delete(key);
  }

  private async take(turn: AbortController, count: number, from: number | null, done: () => void): Promise<void> {
    try {
      const { hits, next } = await patient(() => this.page(count, from, turn.signal), turn.signal);
      if (turn.signal.aborted) return;
      this.hits = from === null ? hits : [...this.hits, ...hits];
      this.next = next;
      this.fault = null;
      done();
      this.remember();
    } catch (error) {
      if (turn.signal.aborted) return;
      this.fault = error as Error;
      if (from === null) this.hits = [];
    }
    this.busy = this.more = false;
  }
}

/** Asks again for a while when the service is busy or still starting. */
async function patient<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let wait = 400; ; wait *= 2) {
    try {
      return await ask();
    } catch (error) {
      const later = error instanceof Problem && (error.status === 503 || error.status === 429);
      if (!later || wait > 3000 || signal.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}
