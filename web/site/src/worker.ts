// The thread that searches: takes vectors as they arrive, answers questions by row or by picture.

import { bytesOf } from "../../shared/bytes";
import { square, type Fit, type Picture } from "./fit";
import { Network, type Layer } from "./network";
import { HALF, lengthOf, Vectors, type Metric } from "./search";

export interface Model extends Fit {
  layers: Layer[];
}

export type Ask =
  | { kind: "open"; count: number; dim: number; metric: Metric }
  | { kind: "places"; start: number; places: Uint32Array }
  | { kind: "take"; start: number; base64: string }
  | { kind: "allow"; mask: Uint8Array | null }
  | { kind: "model"; model: Model; weights: string[] }
  | { kind: "look"; picture: Picture }
  | { kind: "search"; number: number; row: number; k: number };
export type Answer =
  | { kind: "taken"; loaded: number }
  | { kind: "seen"; vector: Float64Array }
  | { kind: "found"; number: number; rows: Uint32Array; scores: Float64Array; loaded: number };

let vectors = new Vectors(0, 1, "cosine");
let allowed: Uint8Array | null = null;
let network: { model: Model; run: Network } | null = null;
/** The vector of the visitor's picture, which row -1 stands for. */
let seen: Float64Array | null = null;
let waiting: Extract<Ask, { kind: "search" }> | null = null;

const tell = (answer: Answer) => postMessage(answer);

/** Searches a few times for nobody, so that the browser has compiled it when somebody asks. */
function warm(): void {
  for (let i = 0; i < 4; i++) vectors.searchRow(i % vectors.count, 20, null);
}

function answer(ask: Extract<Ask, { kind: "search" }>): void {
  waiting = ask.row < 0 || vectors.has(ask.row) ? null : ask;
  if (waiting) return;
  const found = ask.row < 0 ? vectors.search(seen!, ask.k, allowed) : vectors.searchRow(ask.row, ask.k, allowed);
  tell({ kind: "found", number: ask.number, ...found, loaded: vectors.loaded });
}

/** Halves in base64, in parts, as floats. */
function floats(parts: string[]): Float32Array {
  const bits = parts.map((part) => new Uint16Array(bytesOf(part).buffer));
  const all = new Float32Array(bits.reduce((sum, some) => sum + some.length, 0));
  let at = 0;
  for (const some of bits) for (const half of some) all[at++] = HALF[half];
  return all;
}

function look(picture: Picture): void {
  const { model, run } = network!;
  seen = run.run(square(picture, model), model.crop);
  const length = lengthOf(seen);
  seen = seen.map((value) => value / length);
  tell({ kind: "seen", vector: seen });
}

onmessage = (event: MessageEvent<Ask>) => {
  const ask = event.data;
  if (ask.kind === "open") vectors = new Vectors(ask.count, ask.dim, ask.metric);
  else if (ask.kind === "places") vectors.places.set(ask.places, ask.start);
  else if (ask.kind === "allow") allowed = ask.mask;
  else if (ask.kind === "search") answer(ask);
  else if (ask.kind === "model") network = { model: ask.model, run: new Network(ask.model.layers, floats(ask.weights)) };
  else if (ask.kind === "look") look(ask.picture);
  else {
    vectors.take(ask.start, new Uint16Array(bytesOf(ask.base64).buffer));
    tell({ kind: "taken", loaded: vectors.loaded });
    if (vectors.loaded === vectors.count) warm();
    if (waiting) answer(waiting);
  }
};
