// Facts that do not change while the page is open: class names, lines of the skeletons, units (app's page_settings).
// The server writes them into the page's head as JSON.
export const settings = Object.freeze(JSON.parse(document.getElementById("ikem-settings").textContent));
