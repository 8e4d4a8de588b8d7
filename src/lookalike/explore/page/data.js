// What the page shows: points, ids, columns and sheets of thumbnails, out of one JSON block.

/** Bytes of a base64 text. */
export function bytesOf(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/**
 * The map of a page: `x` and `y` in -1..1, `ids` and `labels` by row, `columns` as kinds,
 * `tiles` the tile of each row (-1 for none), `sheets` as base64 WebP.
 */
export function readMap(block) {
  const raw = JSON.parse(block.textContent);
  const points = new Float32Array(bytesOf(raw.points).buffer);
  const count = raw.ids.length;
  const x = new Float32Array(count);
  const y = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    x[i] = points[2 * i];
    y[i] = points[2 * i + 1];
  }
  const columns = raw.columns.map((column) => ({ ...column, codes: bytesOf(column.codes) }));
  const tiles = new Int32Array(bytesOf(raw.tiles).buffer);
  return { count, x, y, ids: raw.ids, labels: raw.labels, columns, tiles, side: raw.side,
    across: raw.across, sheets: raw.sheets };
}
