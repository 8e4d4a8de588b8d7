// What people said of answers to one question that is an image of the library.

import { get, post, Problem } from "../api";
import { toasts } from "../design/toasts.svelte";
import type { Question } from "./question";

/** The image that a verdict would be on; null for any other question. */
export function judged(question: Question): string | null {
  const [item] = question.items;
  return question.items.length === 1 && item.kind === "id" && item.liked && !item.crop ? item.value : null;
}

export class Judgements {
  private said = $state.raw<ReadonlyMap<string, number>>(new Map());
  private query: string | null = null;

  verdict(image: string): number | undefined {
    return this.said.get(image);
  }

  async load(query: string | null): Promise<void> {
    this.query = query;
    this.said = new Map();
    if (query === null) return;
    try {
      const { judgements } = await get("/v1/judgements");
      if (query !== this.query) return;
      const own = judgements.filter((one) => one.query === query && one.verdict !== null);
      this.said = new Map(own.map(({ image, verdict }) => [image, verdict as number]));
    } catch (error) {
      // a service that is gone is said where the images would be
      if (!(error instanceof Problem && error.status === 0)) toasts.fault(error);
    }
  }

  /** Keeps a verdict; the same again takes it back. */
  async judge(image: string, verdict: number): Promise<void> {
    const query = this.query;
    if (query === null) return;
    const before = this.said.get(image);
    const now = before === verdict ? null : verdict;
    this.show(image, now ?? undefined);
    try {
      await post("/v1/judgements", { query, image, verdict: now });
    } catch (error) {
      if (query === this.query) this.show(image, before);
      toasts.fault(error);
    }
  }

  private show(image: string, verdict: number | undefined): void {
    const said = new Map(this.said);
    if (verdict === undefined) said.delete(image);
    else said.set(image, verdict);
    this.said = said;
  }
}
