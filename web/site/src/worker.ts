// The thread that searches: takes vectors as they arrive, answers questions by row number.

import { bytesOf } from "../../shared/bytes";
import { Vectors, type Metric } from "./search";

export type Ask =
  | { kind: "open"; count: number; dim: number; metric: Metric }
  | { kind: "places"; start: number; places: Uint32Array }
  | { kind: "take"; start: number; base64: string }
  | { kind: "allow"; mask: Uint8Array | null }
  | { kind: "search"; number: number; row: number; k: number };
export type Answer =
  | { kind: "taken"; loaded: number }
  | { kind: "found"; number: number; rows: Uint32Array; scores: Float64Array; loaded: number };

let vectors = new Vectors(0, 1, "cosine");
let allowed: Uint8Array | null = null;
let waiting: Extract<Ask, { kind: "search" }> | null = null;

const tell = (answer: Answer) => postMessage(answer);

/** Searches a few times for nobody, so that the browser has compiled it when somebody asks. */
function warm(): void {
  for (let i = 0; i < 4; i++) vectors.search(i % vectors.count, 20, null);
}

function answer(ask: Extract<Ask, { kind: "search" }>): void {
  waiting = vectors.has(ask.row) ? null : ask;
  if (waiting) return;
  tell({ kind: "found", number: ask.number, ...vectors.search(ask.row, ask.k, allowed), loaded: vectors.loaded });
}

onmessage = (event: MessageEvent<Ask>) => {
  const ask = event.data;
  if (ask.kind === "open") vectors = new Vectors(ask.count, ask.dim, ask.metric);
  else if (ask.kind === "places") vectors.places.set(ask.places, ask.start);
  else if (ask.kind === "allow") allowed = ask.mask;
  else if (ask.kind === "search") answer(ask);
  else {
    vectors.take(ask.start, new Uint16Array(bytesOf(ask.base64).buffer));
    tell({ kind: "taken", loaded: vectors.loaded });
    if (vectors.loaded === vectors.count) warm();
    if (waiting) answer(waiting);
  }
};
