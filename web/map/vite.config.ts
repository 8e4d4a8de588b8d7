// Builds the script of the map's page into the Python package, which puts it inside the page.

import { defineConfig } from "vite";

declare const process: { env: Record<string, string | undefined> };
const here = (path: string) => new URL(path, import.meta.url).pathname;

export default defineConfig({
  root: here("."),
  logLevel: "warn",
  build: {
    target: "es2022",
    outDir: process.env.MAP_OUT ?? here("../../src/lookalike/explore/page"),
    emptyOutDir: false,
    minify: false,
    lib: { entry: here("src/main.ts"), formats: ["iife"], name: "lookalikeMapPage", fileName: () => "map.js" },
  },
});
