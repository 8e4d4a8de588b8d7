// What is searched for, as the fields of the address: items, filters, and how to look.

export type ItemKind = "id" | "url" | "text" | "picture";
/** x, y, width and height, as fractions of the sides. */
export type Crop = readonly [number, number, number, number];

export interface Item {
  kind: ItemKind;
  /** An id, a URL, words, or the number under which this browser keeps a picture. */
  value: string;
  liked: boolean;
  weight: number;
  crop: Crop | null;
}
export interface Range {
  from: string;
  to: string;
}
export interface Question {
  items: Item[];
  /** Spaces by weight; none: the default one. */
  weights: Record<string, number>;
  /** Wanted values by column; null stands for images that have none. */
  values: Map<string, Set<string | null>>;
  ranges: Map<string, Range>;
  /** What id or label must contain. */
  name: string;
  where: string;
  /** A list of images chosen by hand, by the name that this tab keeps it under. */
  selection: string;
  match: number;
  similarity: number;
  diversity: number;
  once: boolean;
}

const LIKE = "like";
const UNLIKE = "unlike";
const ITEM = /^(?:([\d.]+)x)?(?:\[([\d.,]+)\])?(id|url|text|picture):(.*)$/s;
const NUMBERS = { match: "match", similarity: "similarity", diversity: "diversity" } as const;

export const newItem = (kind: ItemKind, value: string, liked = true): Item => ({ kind, value, liked, weight: 1, crop: null });

/** The question of an address; what cannot be read is left out. */
export function readQuestion(fields: URLSearchParams): Question {
  const question: Question = {
    items: [],
    weights: {},
    values: new Map(),
    ranges: new Map(),
    name: fields.get("name") ?? "",
    where: fields.get("where") ?? "",
    selection: fields.get("selection") ?? "",
    match: fraction(fields.get(NUMBERS.match)),
    similarity: fraction(fields.get(NUMBERS.similarity)),
    diversity: fraction(fields.get(NUMBERS.diversity)),
    once: fields.get("once") === "1",
  };
  for (const [name, value] of fields) {
    const column = name.slice(name.indexOf(".") + 1);
    if (name === LIKE || name === UNLIKE) {
      const item = readItem(value, name === LIKE);
      if (item) question.items.push(item);
    } else if (name.startsWith("is.")) wantedOf(question, column).add(value);
    else if (name.startsWith("without.")) wantedOf(question, column).add(null);
    else if (name.startsWith("from.")) rangeOf(question, column).from = value;
    else if (name.startsWith("to.")) rangeOf(question, column).to = value;
    else if (name.startsWith("in.") && Number(value) > 0) question.weights[column] = Number(value);
  }
  return question;
}

/** The fields of a question, for the address. */
export function writeQuestion(question: Question): URLSearchParams {
  const fields = new URLSearchParams();
  for (const item of question.items) fields.append(item.liked ? LIKE : UNLIKE, writeItem(item));
  for (const [space, weight] of Object.entries(question.weights)) if (weight > 0) fields.set(`in.${space}`, String(weight));
  for (const [column, values] of question.values) {
    for (const value of values) value === null ? fields.set(`without.${column}`, "1") : fields.append(`is.${column}`, value);
  }
  for (const [column, { from, to }] of question.ranges) {
    if (from) fields.set(`from.${column}`, from);
    if (to) fields.set(`to.${column}`, to);
  }
  if (question.name) fields.set("name", question.name);
  if (question.where) fields.set("where", question.where);
  if (question.selection) fields.set("selection", question.selection);
  for (const name of Object.values(NUMBERS)) if (question[name]) fields.set(name, String(question[name]));
  if (question.once) fields.set("once", "1");
  return fields;
}

/** A copy of a question that may be changed. */
export function changed(question: Question, change: (draft: Question) => void): Question {
  const draft: Question = {
    ...question,
    items: question.items.map((item) => ({ ...item })),
    weights: { ...question.weights },
    values: new Map([...question.values].map(([column, values]) => [column, new Set(values)])),
    ranges: new Map([...question.ranges].map(([column, range]) => [column, { ...range }])),
  };
  change(draft);
  return draft;
}

/** Wants a value of a column, or no longer. */
export function toggle(question: Question, column: string, value: string | null, wanted: boolean): void {
  const values = wantedOf(question, column);
  if (wanted) values.add(value);
  else values.delete(value);
  if (!values.size) question.values.delete(column);
}

export const hasFilters = (question: Question) =>
  Boolean(question.values.size || question.ranges.size || question.name || question.where || question.selection);

export function clearFilters(question: Question): void {
  question.values.clear();
  question.ranges.clear();
  question.name = question.where = question.selection = "";
}

function wantedOf(question: Question, column: string): Set<string | null> {
  const found = question.values.get(column) ?? new Set();
  question.values.set(column, found);
  return found;
}

function rangeOf(question: Question, column: string): Range {
  const found = question.ranges.get(column) ?? { from: "", to: "" };
  question.ranges.set(column, found);
  return found;
}

function readItem(text: string, liked: boolean): Item | null {
  const parts = ITEM.exec(text);
  if (!parts || !parts[4]) return null;
  const weight = parts[1] === undefined ? 1 : Number(parts[1]);
  const crop = parts[2]?.split(",").map(Number);
  const inside = crop?.length === 4 && crop.every((part) => part >= 0 && part <= 1);
  return {
    kind: parts[3] as ItemKind,
    value: parts[4],
    liked,
    weight: weight > 0 ? weight : 1,
    crop: inside ? (crop as unknown as Crop) : null,
  };
}

function writeItem({ kind, value, weight, crop }: Item): string {
  return `${weight === 1 ? "" : `${weight}x`}${crop ? `[${crop.join(",")}]` : ""}${kind}:${value}`;
}

const fraction = (text: string | null) => Math.min(1, Math.max(0, Number(text) || 0));
