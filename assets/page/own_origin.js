// For workers that run other people's code: nothing is asked of another host, whatever that code would like to report.
// It is the first thing that such a worker imports, and the page's Content-Security-Policy says the same.
const isOwn = (address) => ["blob:", "data:"].includes(address.protocol) || address.origin === self.location.origin;
const addressOf = (asked) => new URL(asked?.url ?? String(asked), self.location.href);

const ask = self.fetch.bind(self);
self.fetch = async (asked, options) => {
  if (!isOwn(addressOf(asked))) throw new TypeError("nothing is asked of another host");
  return ask(asked, options);
};

const open = self.XMLHttpRequest?.prototype.open;
if (open) {
  self.XMLHttpRequest.prototype.open = function openOwn(method, asked, ...rest) {
    if (!isOwn(addressOf(asked))) throw new DOMException("nothing is asked of another host", "SecurityError");
    return open.call(this, method, asked, ...rest);
  };
}
for (const name of ["WebSocket", "EventSource", "WebTransport"]) if (name in self) self[name] = undefined;
