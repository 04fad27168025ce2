// Keeps the shell of the telephone's page, so that it opens without a network and can say so.
// Live data is never kept: nothing under /api is touched, and no name is ever in a cache.
// A push is the last way to a telephone: a sign that there is a call, without room or name.
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

const WORDS = {
  nb: {
    title: "Nytt anrop",
    open: "Åpne Bjelle",
    take: "Jeg tar den",
    show: "Vis anropet",
    test: "Prøve av varsler",
    nothing: "Ingen skal gjøre noe.",
  },
  en: {
    title: "New call",
    open: "Open Bjelle",
    take: "I'll take it",
    show: "Show the call",
    test: "Test of notices",
    nothing: "Nobody needs to do anything.",
  },
};

self.addEventListener("push", (event) => {
  const { call = null, lang = "nb", test = false } = event.data?.json() ?? {};
  const words = WORDS[lang] ?? WORDS.nb;
  if (test) {
    // The daily proof: a browser demands that something shows; it wakes nobody.
    const quiet = { tag: "bjelle-test", silent: true, body: words.nothing, lang };
    event.waitUntil(self.registration.showNotification(words.test, quiet));
    return;
  }
  event.waitUntil(
    self.registration.showNotification(words.title, {
      body: words.open,
      lang,
      tag: call ?? "bjelle",
      renotify: true,
      requireInteraction: true,
      icon: "/icons/bjelle-192.png",
      // One notification is one operation, however often it is touched.
      data: { call, op: crypto.randomUUID() },
      actions: [
        { action: "take", title: words.take },
        { action: "show", title: words.show },
      ],
    }),
  );
});

// The browser has ended or renewed the subscription by itself, perhaps with no page open. Where
// nobody is signed in, or it fails, the hub says so and the next ready check subscribes again.
self.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(renew(event.newSubscription).catch(() => undefined));
});

async function renew(fresh) {
  const headers = { "X-Bjelle": "1", "Content-Type": "application/json" };
  const asked = await fetch("/api/v1/push", { headers });
  if (!asked.ok) return;
  const { key, lang = "nb" } = await asked.json();
  if (key === null) return;
  const wanted = { userVisibleOnly: true, applicationServerKey: key };
  const own = fresh ?? (await self.registration.pushManager.subscribe(wanted));
  const body = JSON.stringify({ ...own.toJSON(), lang });
  await fetch("/api/v1/push", { method: "PUT", headers, body });
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(answered(event.action, event.notification.data));
});

async function answered(action, { call, op }) {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = pages.find(({ url }) => new URL(url).pathname === PAGE);
  const take = action === "take" && call;
  // A page that is there sends it; otherwise it waits in the outbox for the page we open.
  if (page && take) page.postMessage({ bjelle: "take", call, op });
  else if (take) await keepTake(call, op);
  await (page ? page.focus() : self.clients.openWindow(PAGE)).catch(() => undefined);
}

// The row that core/outbox.ts writes for a tap on the page itself.
function keepTake(call, op) {
  const at = Date.now();
  const tap = { t: "op", op, action: "take", seq: at, call, at: new Date(at).toISOString() };
  return new Promise((done, failed) => {
    const opening = indexedDB.open("bjelle-outbox", 1);
    opening.onupgradeneeded = () =>
      opening.result.createObjectStore("waiting", { keyPath: "op.op" });
    opening.onerror = () => failed(opening.error);
    opening.onsuccess = () => {
      const writing = opening.result.transaction("waiting", "readwrite");
      writing.objectStore("waiting").put({ op: tap, tappedAt: at });
      writing.oncomplete = () => {
        opening.result.close();
        done();
      };
      writing.onerror = () => failed(writing.error);
    };
  });
}
