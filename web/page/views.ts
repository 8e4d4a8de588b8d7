// The views of the page: each is loaded when it is first opened.

import type { Component } from "svelte";
import type { IconName } from "./design/icons";

export type ViewName = "search" | "map" | "clusters" | "duplicates" | "library";

interface View {
  title: string;
  icon: IconName;
  load: () => Promise<{ default: Component }>;
}

export const VIEWS: Record<ViewName, View> = {
  search: { title: "Search", icon: "search", load: () => import("./search/View.svelte") },
  map: { title: "Map", icon: "map", load: () => import("./map/View.svelte") },
  clusters: { title: "Clusters", icon: "clusters", load: () => import("./clusters/View.svelte") },
  duplicates: { title: "Duplicates", icon: "duplicates", load: () => import("./duplicates/View.svelte") },
  library: { title: "Library", icon: "library", load: () => import("./library/View.svelte") },
};
