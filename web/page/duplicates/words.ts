// Words for levels, rules and signals of near-duplicates.

import type { post, Schemas } from "../api";

export type Plan = Schemas["PlanAnswer"];
export type Keep = NonNullable<Parameters<typeof post<"/v1/duplicates/plan">>[1]["keep"]>;
export type Choice = "stay" | "drop";

export const LEVELS = {
  bytes: "The same bytes",
  pixels: "The same pixels, whatever the file",
  picture: "The same picture: resized, re-saved, flipped, turned",
  scene: "The same scene: another shot of the same thing",
} as const satisfies Record<Schemas["GroupOut"]["level"], string>;

export const RULES: Record<Keep, string> = {
  best: "the best one",
  first: "the one added first",
  largest: "the largest file",
  newest: "the newest file",
};

/** A number of bytes as people write it. */
export function bytes(count: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let at = 0;
  let value = count;
  while (value >= 1000 && at < units.length - 1) [value, at] = [value / 1000, at + 1];
  return `${value.toLocaleString("en", { maximumFractionDigits: at && value < 10 ? 1 : 0 })} ${units[at]}`;
}
