// Builds the page of `lookalike serve` into the Python package: names carry hashes, views load when opened.

import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

declare const process: { env: Record<string, string | undefined> };
const here = (path: string) => new URL(path, import.meta.url).pathname;

export default defineConfig({
  root: here("."),
  base: "./",
  logLevel: "warn",
  plugins: [svelte()],
  build: {
    target: "es2022",
    outDir: process.env.PAGE_OUT ?? here("../../src/lookalike/web/built"),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // every view is a View.svelte: its file is named after its folder
        chunkFileNames: ({ facadeModuleId, name }) =>
          `assets/${facadeModuleId?.match(/(\w+)\/View\.svelte$/)?.[1] ?? name}-[hash].js`,
        assetFileNames: "assets/[name]-[hash][extname]",
      },
    },
  },
});
