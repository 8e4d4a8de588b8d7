// The map as the service tells it, ready to be drawn: points fitted to -1..1, columns as kinds.

import { bytesOf } from "../../shared/bytes";
import type { Kinds } from "../../shared/colours";
import type { Points } from "../../shared/drawer";
import { get, type Schemas } from "../api";

export interface Column extends Kinds {
  codes: Uint8Array;
}
export interface Mapped extends Points {
  space: string;
  method: string;
  made: number;
  unplaced: number;
  ids: string[];
  columns: Column[];
}

const MOST = 16;
const FIRST = ["label", "cluster"];

/** The map of a space, with the columns that it can be coloured by. */
export async function loadMap(space: string | undefined, columns: readonly string[], signal: AbortSignal): Promise<Mapped> {
  const answer = await get("/v1/map", { space, colour: [...columns] }, signal);
  const x = floats(answer.x);
  const y = floats(answer.y);
  fit(x, y);
  return {
    space: answer.space,
    method: answer.method,
    made: answer.made,
    unplaced: answer.unplaced,
    ids: answer.ids,
    count: answer.ids.length,
    x,
    y,
    columns: answer.colours.map((column) => ({ ...column, codes: bytesOf(column.codes) })),
  };
}

/** The columns that tell images apart, what people ask for most first. */
export function telling(library: Schemas["LibraryAnswer"]): string[] {
  const rank = (name: string) => FIRST.indexOf(name.replace(/^derived\./, "")) + 1 || FIRST.length + 1;
  return library.columns
    .filter(({ name, kind, distinct, missing }) => distinct + (missing ? 1 : 0) > 1 && !(kind === "text" && distinct === library.images) && name !== "id")
    .map((column) => column.name)
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, MOST);
}

const floats = (base64: string) => new Float32Array(bytesOf(base64).buffer);

/** Both axes by the same factor, the middle in the middle. */
function fit(x: Float32Array, y: Float32Array): void {
  const spread = (values: Float32Array) => {
    let low = Infinity;
    let high = -Infinity;
    for (const value of values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    return { middle: (low + high) / 2, reach: (high - low) / 2 };
  };
  const [across, up] = [spread(x), spread(y)];
  const reach = Math.max(across.reach, up.reach) || 1;
  for (let i = 0; i < x.length; i++) {
    x[i] = (x[i] - across.middle) / reach;
    y[i] = (y[i] - up.middle) / reach;
  }
}
