// Elements of the page: found, written to, measured; and a file for the visitor to keep.

export const byId = (id) => document.getElementById(id);

export function say(id, text) {
  const element = byId(id);
  if (element && element.textContent !== text) element.textContent = text;
}

export const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

// How large an element is shown, in CSS pixels. Asking the element itself, with each frame, would lay the page out.
const sizes = new WeakMap();
const watcher = new ResizeObserver((entries) => {
  for (const { target } of entries) sizes.set(target, { w: target.clientWidth, h: target.clientHeight });
});

export function sizeOf(element) {
  if (!sizes.has(element)) {
    sizes.set(element, { w: element.clientWidth, h: element.clientHeight });
    watcher.observe(element);
  }
  return sizes.get(element);
}

export function save(name, type, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
