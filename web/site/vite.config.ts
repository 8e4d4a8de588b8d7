// Builds the static site's page into the Python package: one classic script, one style sheet.

import { copyFileSync } from "node:fs";
import { defineConfig } from "vite";

declare const process: { env: Record<string, string | undefined> };
const here = (path: string) => new URL(path, import.meta.url).pathname;
const out = process.env.SITE_OUT ?? here("../../src/lookalike/share/site_page");

export default defineConfig({
  root: here("."),
  logLevel: "warn",
  build: {
    target: "es2022",
    outDir: out,
    emptyOutDir: false,
    minify: false,
    cssMinify: false,
    lib: { entry: here("src/main.ts"), formats: ["iife"], name: "lookalikeSite", fileName: () => "app.js", cssFileName: "app" },
  },
  worker: { format: "iife" },
  plugins: [{ name: "page", closeBundle: () => copyFileSync(here("index.html"), `${out}/index.html`) }],
});
