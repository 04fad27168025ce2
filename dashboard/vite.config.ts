import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Four pages from one build; the hub serves the folder at "/" and names the pages (/h, /tavle ...).
export default defineConfig({
  plugins: [react()],
  base: "/",
  build: {
    outDir: here("../hub/static/dist"),
    emptyOutDir: true,
    target: "es2022",
    // Every page must load with a strict content security policy: nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        handset: here("handset.html"),
        board: here("board.html"),
        demo: here("demo.html"),
        index: here("index.html"),
      },
    },
  },
  server: { proxy: { "/api": { target: "http://127.0.0.1:8080", ws: true } } },
  test: { include: ["tests/**/*.test.ts"] },
});
