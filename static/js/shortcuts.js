/* Shortcuts of a single key (WCAG 2.2, 2.1.4): never while somebody types, and each person may turn them off.

What a key does is in the markup: the element that says `data-shortcut`, of those that can be seen, is followed, or gets the
focus where it is a field. */

const FIELDS = "input, select, textarea, [contenteditable]";
const OPEN = "dialog[open], details.menu[open], details.top-nav[open]";

function act(key) {
  if (key === "t") {
    document.dispatchEvent(new Event("moments:toggle"));
    return true;
  }
  const marked = [...document.querySelectorAll("[data-shortcut]")].filter((one) => one.dataset.shortcut === key);
  const element = marked.find((one) => one.checkVisibility());
  if (!element) return false;
  if (element.matches(FIELDS)) {
    element.focus();
    element.select();
  } else {
    element.click();
  }
  return true;
}

document.addEventListener("keydown", (event) => {
  const modified = event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat;
  if (modified || event.defaultPrevented || document.body.dataset.singleKeys === "off") return;
  if (event.target.closest?.(FIELDS) || document.querySelector(OPEN)) return;
  if (act(event.key)) event.preventDefault();
});

// The switch in the dialog holds at once.
document.addEventListener("htmx:afterSwap", (event) => {
  const form = event.detail.target.querySelector("[data-single-keys]");
  if (form) document.body.dataset.singleKeys = form.dataset.singleKeys;
});
