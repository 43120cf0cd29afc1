// Beside an answer that is under way: the style, the script and a page that waits for the net. Never a
// code, an answer, or a page with either; nothing on a shared tablet. SHELL stands before this file.
"use strict";
const CACHE = `svar-${SHELL.version}`;

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL.files)));
});

// The shell of another version names files that are no longer there.
addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
  await clients.claim();
})()));

addEventListener("fetch", (event) => {
  const { request } = event, { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || pathname.startsWith("/svar/kiosk")) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (SHELL.files.includes(pathname) && pathname !== SHELL.page) event.respondWith(kept(request));
});

const late = () => new Promise((_, reject) => { setTimeout(reject, SHELL.patience); });
const kept = async (request) => await caches.match(request) ?? fetch(request);
const page = (request) => Promise.race([fetch(request), late()]).catch(() => caches.match(SHELL.page));
