// A picture of the visitor's own: picked, dropped or pasted; it never leaves the browser.

import type { Picture } from "./fit";

/** Larger pictures are halved until their shorter side is less than twice this. */
const SIDE = 512;

export interface Own {
  canvas: HTMLCanvasElement;
  picture: Picture;
}

/** Calls `take` with each file that is picked by the button, dropped on the page, or pasted. */
export function listenForPictures(button: HTMLElement, take: (file: Blob) => void): void {
  const picker = document.createElement("input");
  picker.type = "file";
  picker.accept = "image/*";
  picker.addEventListener("change", () => {
    if (picker.files?.[0]) take(picker.files[0]);
    picker.value = "";
  });
  button.addEventListener("click", () => picker.click());
  const over = (on: boolean) => document.body.classList.toggle("over", on);
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    over(true);
  });
  addEventListener("dragleave", (event) => event.relatedTarget === null && over(false));
  addEventListener("drop", (event) => {
    over(false);
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    take(file);
  });
  addEventListener("paste", (event) => {
    const file = event.clipboardData?.files[0];
    if (file) take(file);
  });
}

/** The pixels of an image file, upright, over white. Rejects what the browser cannot read. */
export async function opened(file: Blob): Promise<Own> {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image", colorSpaceConversion: "none" });
  const halvings = Math.max(0, Math.floor(Math.log2(Math.min(bitmap.width, bitmap.height) / SIDE)));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width / 2 ** halvings));
  canvas.height = Math.max(1, Math.round(bitmap.height / 2 ** halvings));
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return { canvas, picture: { width: canvas.width, height: canvas.height, pixels: data } };
}
