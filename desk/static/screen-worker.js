// Keeps a board's screen going when the line is down: what was last fetched is shown again. It sees this screen alone.
"use strict";

const KEPT = "loa-board";
const PATIENCE = 4_000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && new URL(request.url).origin === self.location.origin) event.respondWith(answer(request));
});

async function answer(request) {
  const kept = await caches.open(KEPT);
  try {
    const fresh = await fetch(request, { signal: AbortSignal.timeout(PATIENCE) });
    if (fresh.ok) await keep(kept, request, fresh.clone());
    if (fresh.status < 500) return fresh;
  } catch {
    // no line: as below
  }
  const old = await kept.match(request);
  if (!old) return Response.error();
  const headers = new Headers(old.headers);
  headers.set("X-Loa-Kept", "1");
  return new Response(old.body, { status: old.status, headers });
}

// A file whose address bears a mark of its content takes the place of the one before it.
async function keep(kept, request, fresh) {
  const { pathname, search } = new URL(request.url);
  for (const known of search ? await kept.keys() : []) {
    const other = new URL(known.url);
    if (other.pathname === pathname && other.search !== search) await kept.delete(known);
  }
  await kept.put(request, fresh);
}
