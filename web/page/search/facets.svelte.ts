// What the filters leave, column by column. A column that is filtered by shows what its other values would give.

import { get, type Schemas } from "../api";
import { short } from "./ask";
import type { Question } from "./question";
import { whereOf } from "./where";

export type Facet = Schemas["FacetOut"];

export class Facets {
  /** How many images the filters leave. */
  images = $state<number | null>(null);
  list = $state.raw<Facet[]>([]);
  fault = $state.raw<Error | null>(null);
  private turn = new AbortController();

  async ask(question: Question): Promise<void> {
    this.turn.abort();
    const { signal } = (this.turn = new AbortController());
    const own = [...new Set([...question.values.keys(), ...question.ranges.keys()])];
    try {
      const [all, ...others] = await Promise.all([
        get("/v1/facets", { where: short(whereOf(question)) }, signal),
        ...own.map((name) => get("/v1/facets", { where: short(whereOf(question, name)), columns: [name] }, signal).catch(() => null)),
      ]);
      if (signal.aborted) return;
      const alone = new Map(own.map((name, at) => [name, others[at]?.facets[0]]));
      this.images = all.images;
      this.list = all.facets.map((facet) => alone.get(facet.name) ?? facet);
      this.fault = null;
    } catch (error) {
      if (!signal.aborted) this.fault = error as Error;
    }
  }
}

const ABOUT_FILES = new Set(["added", "format", "width", "height", "size", "image.width", "image.height", "image.size", "image.format", "image.added"]);
const FEW = 30;

/** Whether a column is of the file and not of what it shows. */
export const aboutFile = (facet: Facet) => ABOUT_FILES.has(facet.name);

/** Whether a column helps to narrow down: not empty, and not another value for nearly each image. */
export function useful({ kind, distinct, values, low, high }: Facet, images: number): boolean {
  if (kind === "number" || kind === "date") return low !== null && low !== high;
  if (distinct > 3 && values.every((value) => value.images === 1)) return false;
  return distinct > 0 && (distinct <= FEW || distinct <= images / 4);
}
