// The service as functions: requests and answers typed by its OpenAPI, errors as sentences.

import { askForKey } from "./key.svelte";
import type { components, paths } from "./openapi";

export type Schemas = components["schemas"];
type Verb = "get" | "post" | "put" | "patch" | "delete";
type Having<V extends Verb> = { [P in keyof paths]: paths[P][V] extends { responses: unknown } ? P : never }[keyof paths];
type Operation<P extends keyof paths, V extends Verb> = NonNullable<paths[P][V]>;
type Json<R> = R extends { content: { "application/json": infer T } } ? T : undefined;
type Answer<O> = O extends { responses: infer R }
  ? { [S in keyof R & (200 | 201 | 202 | 204)]: Json<R[S]> }[keyof R & (200 | 201 | 202 | 204)]
  : never;
type Body<O> = O extends { requestBody: { content: { "application/json": infer T } } } ? Loose<T> : undefined;
type Fields<O> = O extends { parameters: { query?: infer Q } } ? Q : undefined;
/** Fields with a default may be left out, whatever the generated types say. */
type Loose<T> = T extends (infer I)[] ? Loose<I>[] : T extends object ? { [K in keyof T]?: Loose<T[K]> } : T;

/** The library that is asked, where one server has several: `?library=NAME` of the page; null: the first. */
export const library = new URLSearchParams(location.search).get("library");
const PREFIX = library === null ? "v1/" : `v1/libraries/${encodeURIComponent(library)}/`;

/** What the service says is wrong: `message` is a sentence for people. */
export class Problem extends Error {
  constructor(
    message: string,
    /** 0 where no answer came. */
    readonly status: number,
    readonly reason = "",
  ) {
    super(message);
  }
}

export const get = <P extends Having<"get">>(path: P, fields?: Fields<Operation<P, "get">>, signal?: AbortSignal) =>
  ask<Answer<Operation<P, "get">>>("GET", addressOf(path, fields as object), undefined, signal);

export const post = <P extends Having<"post">>(path: P, body: Body<Operation<P, "post">>, signal?: AbortSignal) =>
  ask<Answer<Operation<P, "post">>>("POST", addressOf(path), body, signal);

export const put = <P extends Having<"put">>(path: P, body: Body<Operation<P, "put">>, fields?: Fields<Operation<P, "put">>) =>
  ask<Answer<Operation<P, "put">>>("PUT", addressOf(path, fields as object), body);

export const patch = <P extends Having<"patch">>(path: P, fields: Fields<Operation<P, "patch">>, body: Body<Operation<P, "patch">>) =>
  ask<Answer<Operation<P, "patch">>>("PATCH", addressOf(path, fields as object), body);

export const remove = <P extends Having<"delete">>(path: P, fields?: Fields<Operation<P, "delete">>) =>
  ask<Answer<Operation<P, "delete">>>("DELETE", addressOf(path, fields as object));

/** Sends a form with files. */
export const send = <P extends Having<"post">>(path: P, form: FormData, signal?: AbortSignal) =>
  ask<Answer<Operation<P, "post">>>("POST", addressOf(path), form, signal);

/** The address of a thumbnail, for `src`. */
export const thumbnail = (id: string) => addressOf("/v1/image/thumbnail", { id });

/** The address of the file of an image, for `src` and `href`. */
export const original = (id: string) => addressOf("/v1/image/original", { id });

/** A path of the service below the page, with its fields; those that are undefined or null are left out. */
export function addressOf(path: string, fields: object = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one != null) given.append(name, String(one));
  }
  const query = String(given);
  return path.replace(/^\/v1\//, PREFIX).replace(/^\//, "") + (query && `?${query}`);
}

/** Asks with any method; asks again when the user has given a key that was missing. */
export async function ask<T>(method: string, address: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  for (;;) {
    const answer = await answerTo(method, address, body, signal);
    if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T;
    const problem = await problemOf(answer);
    if (problem.status !== 401) throw problem;
    await askForKey();
  }
}

async function answerTo(method: string, address: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const json = body !== undefined && !(body instanceof FormData);
  try {
    return await fetch(address, {
      method,
      signal,
      headers: json ? { "Content-Type": "application/json" } : {},
      body: json ? JSON.stringify(body) : (body as FormData | undefined),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem("The service does not answer. Is lookalike serve still running?", 0);
  }
}

async function problemOf(answer: Response): Promise<Problem> {
  try {
    const { detail, reason } = await answer.json();
    return new Problem(String(detail), answer.status, reason);
  } catch {
    return new Problem(`The service answered ${answer.status} ${answer.statusText}.`, answer.status);
  }
}
