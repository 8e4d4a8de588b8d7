// What the column of clusters is called here: `cluster`, unless another column is called that too; null without one.

import { get } from "../api";

export async function clusterColumn(signal: AbortSignal): Promise<string | null> {
  const { columns } = await get("/v1/library", undefined, signal);
  return columns.find(({ name, origin }) => origin === "derived" && /^(derived\.)?cluster$/.test(name))?.name ?? null;
}
