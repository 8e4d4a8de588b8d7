// Pictures that are asked about: kept in this browser alone, so that back and reload still have them.

import { Lost } from "./where";

const DATABASE = "lookalike";
const TABLE = "pictures";
const MOST = 60;
/** No model looks at more; a phone's photo is too large to be sent again with each change. */
const LONG_SIDE = 1600;
const ENOUGH = 400_000;

interface Kept {
  name: string;
  blob: Blob;
  at: number;
}
const seen = new Map<string, Kept>();
const addresses = new Map<string, string>();
const encoded = new Map<string, Promise<string>>();

/** Keeps a picture and gives the number that stands for it in the address. */
export async function keep(file: Blob, name: string): Promise<string> {
  const kept = { name, blob: await lighter(file), at: Date.now() };
  const number = [...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  seen.set(number, kept);
  void store(number, kept);
  return number;
}

/** A kept picture, null where this browser does not have it. */
export async function kept(number: string): Promise<Kept | null> {
  const found = seen.get(number) ?? (await load(number));
  if (found) seen.set(number, found);
  return found;
}

/** The address of a kept picture, for `src`. */
export async function pictureAddress(number: string): Promise<string | null> {
  const found = await kept(number);
  if (!found) return null;
  if (!addresses.has(number)) addresses.set(number, URL.createObjectURL(found.blob));
  return addresses.get(number)!;
}

/** A kept picture as base64. */
export function pictureData(number: string): Promise<string> {
  if (!encoded.has(number)) encoded.set(number, encode(number));
  return encoded.get(number)!;
}

async function encode(number: string): Promise<string> {
  const found = await kept(number);
  if (!found) throw new Lost("This question has a picture that only the browser it was asked in has. Drop it here again.");
  const bytes = new Uint8Array(await found.blob.arrayBuffer());
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 0x8000) parts.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)));
  return btoa(parts.join(""));
}

/** The picture at a size that is quick to send; as it is where the browser cannot read it. */
async function lighter(file: Blob): Promise<Blob> {
  if (file.size <= ENOUGH) return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONG_SIDE / Math.max(picture.width, picture.height));
    const canvas = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale));
    const context = canvas.getContext("2d")!;
    context.imageSmoothingQuality = "high";
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const small = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
    return small.size < file.size ? small : file;
  } catch {
    return file;
  }
}

async function store(number: string, picture: Kept): Promise<void> {
  try {
    const table = await opened("readwrite");
    table.put(picture, number);
    const numbers = (await done(table.index("at").getAllKeys())) as string[];
    for (const old of numbers.slice(0, -MOST)) table.delete(old);
  } catch {
    // a browser that keeps nothing forgets it with the page
  }
}

async function load(number: string): Promise<Kept | null> {
  try {
    return ((await done((await opened("readonly")).get(number))) as Kept | undefined) ?? null;
  } catch {
    return null;
  }
}

async function opened(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  const asked = indexedDB.open(DATABASE, 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore(TABLE).createIndex("at", "at");
  return (await done(asked)).transaction(TABLE, mode).objectStore(TABLE);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
