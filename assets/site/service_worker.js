// Keeps this page on the visitor's machine, so that it works without a network: all files of one build, or none.
// Each build has a cache of its own. It is used once every file has come and has the digest that is written here; until
// then, and where one fails, the build before it goes on. Nothing is asked of another host.
const BUILD = "{build}", POLICY = "{policy}";
const FILES = {files}; // path beside this file -> [SHA-256, type]; of the page itself, which knows its build, no digest
const PAGE = "index.html", SCOPE = self.registration.scope;
const OURS = `ikem-live ${SCOPE} `, NAME = OURS + BUILD; // another page of the same host has another scope

// What a file is called in the cache: the same as long as its content is the same.
const keyOf = (path) => `${SCOPE}${path}?${FILES[path][0] || BUILD}`;

const hexOf = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

async function isOurs(path, bytes) {
  if (path === PAGE) return new TextDecoder().decode(bytes).includes(`build ${BUILD}`); // its last line
  return hexOf(await crypto.subtle.digest("SHA-256", bytes)) === FILES[path][0];
}

// A file from the server, which is asked whether what the browser has of it is still good.
async function fetched(path) {
  const response = await fetch(SCOPE + (path === PAGE ? "" : path), { cache: "no-cache" });
  const bytes = await response.arrayBuffer();
  if (!response.ok || !(await isOurs(path, bytes))) throw new Error(`${path} did not arrive whole, or is of another build`);
  return new Response(bytes, { headers: { "Content-Type": FILES[path][1], "Content-Security-Policy": POLICY } });
}

async function keep() {
  const cache = await caches.open(NAME);
  try {
    await Promise.all(Object.keys(FILES).map(async (path) => {
      const key = keyOf(path);
      await cache.put(key, (await caches.match(key)) ?? (await fetched(path)));
    }));
  } catch (error) {
    await caches.delete(NAME);
    throw error;
  }
}

async function takeOver() {
  const others = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== NAME);
  await Promise.all(others.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function answer(path, request) {
  const cache = await caches.open(NAME);
  return (await cache.match(keyOf(path))) ?? fetch(request);
}

self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
self.addEventListener("message", ({ data }) => data === "take over" && self.skipWaiting());
self.addEventListener("fetch", (event) => {
  const { protocol, origin, pathname } = new URL(event.request.url), root = new URL(SCOPE).pathname;
  if (!protocol.startsWith("http")) return;
  if (origin !== self.location.origin) return event.respondWith(Response.error());
  const path = pathname.startsWith(root) ? pathname.slice(root.length) || PAGE : "";
  if (event.request.method === "GET" && Object.hasOwn(FILES, path)) event.respondWith(answer(path, event.request));
});
