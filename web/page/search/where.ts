// The filters of a question in the language of filters.

import { isQuoted } from "../columns";
import { selection } from "../selection";
import type { Question } from "./question";

/** What the question is about is kept in a browser, and not in this one. */
export class Lost extends Error {}

/** The filter as a text, undefined where all images are wanted; `except` leaves one column's part out. */
export function whereOf(question: Question, except?: string): string | undefined {
  const parts: string[] = [];
  for (const [column, values] of question.values) if (column !== except) parts.push(oneOf(called(column), values));
  for (const [column, { from, to }] of question.ranges) {
    if (column === except) continue;
    if (from) parts.push(`${called(column)} >= ${quoted(from)}`);
    if (to) parts.push(`${called(column)} <= ${quoted(to)}`);
  }
  if (question.name) {
    const pattern = quoted(`%${question.name.replace(/[\\%_]/g, "\\$&")}%`);
    parts.push(`(id like ${pattern} or label like ${pattern})`);
  }
  if (question.selection) {
    const ids = selection(question.selection);
    if (!ids) throw new Lost("Images chosen by hand are kept only in the browser tab in which they were chosen. Choose them again on the map.");
    parts.push(`id in (${ids.map(quoted).join(", ")})`);
  }
  if (question.where.trim()) parts.push(`(${question.where.trim()})`);
  return parts.join(" and ") || undefined;
}

function oneOf(column: string, values: Set<string | null>): string {
  const named = [...values].filter((value) => value !== null).map(quoted);
  const parts = [];
  if (named.length) parts.push(`${column} in (${named.join(", ")})`);
  if (values.has(null)) parts.push(`${column} is null`);
  return `(${parts.join(" or ")})`;
}

const called = (column: string) => (isQuoted(column) ? column : quoted(column));
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
