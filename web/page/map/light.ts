// What the question in the address lights up on the map: the images that answer it.

import type { Schemas } from "../api";
import { askFor } from "../search/ask";
import { hasFilters, readQuestion, type Item } from "../search/question";
import type { Mapped } from "./points";

export interface Light {
  rows: number[];
  /** The row of the image that is asked with, -1 for none. */
  centre: number;
  /** The image that is asked with. */
  id: string | null;
  said: string;
}

const NEAREST = 60;
const MOST = 1000;

/** Asks what the address asks for; null where it asks for nothing. */
export async function lightOf(map: Mapped, fields: URLSearchParams, spaces: Schemas["SpaceOut"][], signal: AbortSignal): Promise<Light | null> {
  const question = readQuestion(fields);
  const { items } = question;
  if (!items.length && !hasFilters(question)) return null;
  const { hits, next } = await askFor(question, spaces, items.length ? NEAREST : MOST, null, signal);
  const row = new Map(map.ids.map((id, i) => [id, i]));
  const id = items.length === 1 && items[0].liked && items[0].kind === "id" ? items[0].value : null;
  const what = items.length ? `what is most like ${items.map(saidOf).join(", ")}` : next === null ? "what the filters leave" : "the newest that the filters leave";
  return { rows: hits.flatMap((hit) => row.get(hit.id) ?? []), centre: id === null ? -1 : (row.get(id) ?? -1), id, said: what };
}

const saidOf = ({ kind, value, liked }: Item) => `${liked ? "" : "not "}${kind === "text" ? `“${value}”` : kind === "picture" ? "your picture" : value}`;
