// The view as the part of the address after #: what back, reload and a shared link restore.

export interface View {
  /** The image whose like are looked for, by id. */
  id: string | null;
  text: string;
  /** Kinds wanted, by the name of their column. */
  kinds: Map<string, Set<string>>;
  map: boolean;
  /** Whether the like of the visitor's own picture are looked for, which no address can hold. */
  own: boolean;
}

const COLUMN = "is.";

export function readView(hash: string): View {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const kinds = new Map<string, Set<string>>();
  for (const [name, value] of fields) {
    if (!name.startsWith(COLUMN)) continue;
    const column = name.slice(COLUMN.length);
    kinds.set(column, (kinds.get(column) ?? new Set()).add(value));
  }
  return { id: fields.get("id"), text: fields.get("text") ?? "", kinds, map: fields.get("map") === "1", own: fields.get("own") === "1" };
}

export function writeView(view: View): string {
  const fields = new URLSearchParams();
  if (view.id !== null) fields.set("id", view.id);
  else if (view.own) fields.set("own", "1");
  if (view.text) fields.set("text", view.text);
  for (const [column, kinds] of view.kinds) for (const kind of kinds) fields.append(COLUMN + column, kind);
  if (view.map) fields.set("map", "1");
  return `#${fields}`;
}
