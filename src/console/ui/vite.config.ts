import { defineConfig } from "vite";

/** One small page; asset names carry their hash, nothing is inlined (the Content-Security-Policy forbids it), nothing comes from elsewhere. */
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../../../dist/console",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    reportCompressedSize: false,
  },
  logLevel: "warn",
});
