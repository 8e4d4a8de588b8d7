// What the filters leave, column by column. A column that is filtered by shows what its other values would give;
// where nothing is left, all columns stay, with counts of zero, so that another choice can be made.

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
      const whole = all.images ? all : await get("/v1/facets", undefined, signal);
      if (signal.aborted) return;
      const shown = whole.facets.filter((facet) => own.includes(facet.name) || useful(facet, whole.images));
      const left = all.images ? shown : shown.map(emptied);
      const alone = new Map(own.map((name, at) => [name, others[at]?.images ? others[at].facets[0] : undefined]));
      this.images = all.images;
      this.list = left.map((facet) => alone.get(facet.name) ?? facet);
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

/** A column of which no image is left. */
const emptied = (facet: Facet): Facet => ({
  ...facet,
  missing: 0,
  values: facet.values.map(({ value }) => ({ value, images: 0 })),
  bins: facet.bins.map(() => 0),
});

/** Whether a column helps to narrow down: not empty, and not another value for nearly each image. */
function useful({ kind, distinct, values, low, high }: Facet, images: number): boolean {
  if (kind === "number" || kind === "date") return low !== null && low !== high;
  if (distinct > 3 && values.every((value) => value.images === 1)) return false;
  return distinct > 0 && (distinct <= FEW || distinct <= images / 4);
}
