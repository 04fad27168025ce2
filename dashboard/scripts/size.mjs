// Measures what the telephone's page loads at first, gzipped, and fails above the limit (UX A14).
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT_KB = 110;
const dist = new URL("../../hub/static/dist/", import.meta.url);
const read = (path) => readFileSync(new URL(path.replace(/^\//, ""), dist));

const html = read("handset.html").toString();
const files = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.(?:js|css))"/g)].map(
  (hit) => hit[1],
);
const sizes = files.map((file) => ({ file, kb: gzipSync(read(file), { level: 9 }).length / 1000 }));
const total = sizes.reduce((sum, { kb }) => sum + kb, 0);

for (const { file, kb } of sizes) console.log(`${kb.toFixed(1).padStart(7)} kB  ${file}`);
console.log(`${total.toFixed(1).padStart(7)} kB  handset.html, gzipped (limit ${LIMIT_KB})`);
if (!files.length || total > LIMIT_KB) {
  console.error("handset.html loads too much, or nothing: see what the last change imports");
  process.exit(1);
}
