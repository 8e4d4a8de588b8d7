// What columns are called: by filters, which quote some names, and to people.

/** A column's name as people write it: without quotes, and without where it comes from. */
export function plain(name: string): string {
  const bare = isQuoted(name) ? name.slice(1, -1).replaceAll('""', '"') : name;
  return bare.replace(/^(meta|derived)\./, "");
}

export const isQuoted = (name: string) => name.length > 1 && name.startsWith('"') && name.endsWith('"');
