// Keeps the shell of the telephone's page, so that it opens without a network and can say so.
// Live data is never kept: nothing under /api is touched, and no name is ever in a cache.
const SHELL = "bjelle-shell-1";
const PAGE = "/h";

async function keepShell() {
  const cache = await caches.open(SHELL);
  const page = await fetch(PAGE, { cache: "no-cache" });
  if (!page.ok) return;
  const html = await page.clone().text();
  const parts = [...html.matchAll(/(?:src|href)="(\/(?:assets|icons)\/[^"]+)"/g)].map(
    (hit) => hit[1],
  );
  await cache.addAll(parts);
  await cache.put(PAGE, page);
  const keep = new Set([PAGE, ...parts]);
  for (const request of await cache.keys()) {
    if (!keep.has(new URL(request.url).pathname)) await cache.delete(request);
  }
}

self.addEventListener("install", (event) => {
  event.waitUntil(keepShell());
  self.skipWaiting();
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (event.request.mode === "navigate" && url.pathname === PAGE) event.respondWith(page(event));
  else if (url.pathname.startsWith("/assets/")) event.respondWith(asset(event.request));
});

async function page(event) {
  try {
    const fresh = await fetch(event.request);
    if (fresh.ok) event.waitUntil(keepShell());
    return fresh;
  } catch (error) {
    const kept = await caches.match(PAGE);
    if (kept) return kept;
    throw error;
  }
}

// Assets carry their content's hash in the name: what is kept is always right.
async function asset(request) {
  return (await caches.match(request)) ?? fetch(request);
}
