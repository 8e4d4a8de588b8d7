// Which images a view shows, and how many each kind of a column would.

import type { View } from "./address";
import type { Collection } from "./collection";

export interface Filtered {
  /** 1 for each row that is shown; null where all are. */
  mask: Uint8Array | null;
  count: number;
  /** For each column, how many images each kind has under the other filters. */
  counts: Uint32Array[];
}

export function filter(images: Collection, view: View): Filtered {
  const { columns } = images.facts;
  const wanted = columns.map((column) => {
    const names = view.kinds.get(column.name);
    return names ? Uint8Array.from(column.names, (name) => Number(names.has(name))) : null;
  });
  const text = view.text.trim().toLowerCase();
  const counts = columns.map((column) => new Uint32Array(column.names.length));
  const mask = new Uint8Array(images.facts.count);
  let count = 0;
  for (let row = 0; row < images.known; row++) {
    if (text && !matches(images, row, text)) continue;
    let misses = 0;
    let missed = 0;
    for (let i = 0; i < wanted.length; i++) {
      if (wanted[i] && !wanted[i]![images.codes[i][row]]) {
        misses++;
        missed = i;
      }
    }
    if (misses === 0) {
      mask[row] = 1;
      count++;
      for (let i = 0; i < counts.length; i++) counts[i][images.codes[i][row]]++;
    } else if (misses === 1) counts[missed][images.codes[missed][row]]++;
  }
  const all = !text && wanted.every((one) => one === null);
  return { mask: all ? null : mask, count, counts };
}

const matches = (images: Collection, row: number, text: string) =>
  images.ids[row].toLowerCase().includes(text) || (images.labels[row] ?? "").toLowerCase().includes(text);
