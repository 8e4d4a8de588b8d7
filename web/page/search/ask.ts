// A question becomes a request, and an answer a page of the grid.

import { get, post, type Schemas } from "../api";
import { pictureData } from "./pictures";
import type { Item, Question } from "./question";
import { whereOf } from "./where";

export type Hit = Schemas["HitOut"] | (Schemas["ImageOut"] & { similarity?: undefined; match?: undefined; copies?: undefined });
export interface Page {
  hits: Hit[];
  /** Where the next page begins, null after the last. */
  next: number | null;
}
type Space = Schemas["SpaceOut"];

const FARTHEST = 100_000;
const LONGEST = 40_000;

/** A page of the answer; without items, of all images, the newest first. */
export async function askFor(question: Question, spaces: Space[], count: number, from: number | null, signal: AbortSignal): Promise<Page> {
  if (!question.items.length) {
    const where = short(whereOf(question));
    const { images, next } = await get("/v1/images", { count, after: from ?? 0, where, newest: true }, signal);
    return { hits: images, next };
  }
  const used = usedSpaces(question, spaces);
  const [positive, negative] = await Promise.all([true, false].map((liked) => itemsOf(question, liked)));
  const answer = await post(
    "/v1/search",
    {
      positive,
      negative,
      k: count,
      offset: from ?? 0,
      where: whereOf(question),
      ...(used.length === 1 ? { space: used[0].name } : { weights: weightsOf(question, used) }),
      min_match: question.match && tellsMatches(used) ? question.match : undefined,
      min_similarity: question.similarity || undefined,
      diversity: question.diversity,
      group_duplicates: question.once,
    },
    signal,
  );
  const cut = Boolean(question.match || question.similarity) && answer.hits.length < count;
  const next = answer.next_offset;
  return { hits: answer.hits, next: cut || next === null || next > FARTHEST ? null : next };
}

/** An image by chance, of those that the filters leave. */
export async function anyImage(question: Question): Promise<string | null> {
  const where = short(whereOf(question));
  const last = (await get("/v1/images", { count: 1, where, newest: true })).next;
  if (last === null) return null;
  const { images } = await get("/v1/images", { count: 1, where, after: Math.floor(Math.random() * last) });
  return images[0]?.id ?? null;
}

/** A filter that fits into an address. Raises where it does not: thousands of images chosen by hand. */
export function short(where: string | undefined): string | undefined {
  if (where === undefined || encodeURIComponent(where).length < LONGEST) return where;
  throw new Error("That is a filter too long to be listed by. Choose fewer images, or ask what is similar among them.");
}

/** The spaces that are looked in: those with a weight, else the default, else one that knows words. */
export function usedSpaces(question: Question, spaces: Space[]): Space[] {
  const weighed = spaces.filter((space) => question.weights[space.name] > 0);
  const used = weighed.length ? weighed : spaces.filter((space) => space.default);
  if (weighed.length || !question.items.some((item) => item.kind === "text") || used.some((space) => space.words)) return used;
  return spaces.filter((space) => space.words).slice(0, 1);
}

/** Whether answers say how sure they are: in one space, where that is calibrated. */
export const tellsMatches = (used: Space[]) => used.length === 1 && used[0].calibrated;

const weightsOf = (question: Question, used: Space[]) =>
  Object.fromEntries(used.map((space) => [space.name, question.weights[space.name] ?? 1]));

const itemsOf = (question: Question, liked: boolean) =>
  Promise.all(question.items.filter((item) => item.liked === liked).map(asRequested));

async function asRequested({ kind, value, weight, crop }: Item) {
  const meant = { weight, crop: crop ? [...crop] : undefined };
  return kind === "picture" ? { image: await pictureData(value), ...meant } : { [kind]: value, ...meant };
}
