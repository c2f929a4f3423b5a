/* What the pages gain when scripts run. Every errand works without this file, which collected holds what it imports. */

import "./chart.js";
import "./moments.js";
import "./restored.js";
import "./shortcuts.js";

const dialog = document.getElementById("dialog");
const announcer = document.getElementById("announcer");
const toasts = document.getElementById("toasts");
const MENUS = "details.menu, details.top-nav";

/* --- Saying what happened ------------------------------------------------------------------------------------ */

const announced = new Map();

function announce(text) {
  if (!announcer || !text) return;
  // Behind an open modal dialog everything is inert, a live region too.
  (dialog?.open ? dialog : document.body).append(announcer);
  announcer.textContent = "";
  setTimeout(() => { announcer.textContent = text; }, 100);
}

function toast(text, tone = "neutral") {
  if (!text) return;
  announce(text);
  const line = document.createElement("p");
  line.className = `toast toast--${tone}`;
  line.textContent = text;
  toasts.append(line);
  // Shown anew each time: the latest popover lies above a dialog opened since.
  toasts.hidePopover?.();
  toasts.showPopover?.();
  setTimeout(() => {
    line.remove();
    if (!toasts.childElementCount) toasts.hidePopover?.();
  }, 6000);
}

function announceWithin(root, isAnswer) {
  const marked = root.matches?.("[data-announce]") ? [root] : [];
  for (const element of [...marked, ...root.querySelectorAll("[data-announce]")]) {
    const text = element.dataset.announce || element.textContent.trim();
    const key = element.closest("[id]")?.id ?? text;
    // A card that polls says the same thing every few seconds; hearing it once is enough. Whoever asked hears the answer.
    if (isAnswer || announced.get(key) !== text) announce(text);
    announced.set(key, text);
  }
}

// What a page says when it opens is read with it.
for (const element of document.querySelectorAll("[data-announce]")) {
  announced.set(element.closest("[id]")?.id, element.dataset.announce || element.textContent.trim());
}

/* --- Menus: a <details> with a list of links and buttons -------------------------------------------------------- */

function closeMenu(menu) {
  const hadFocus = menu.contains(document.activeElement);
  menu.open = false;
  if (hadFocus) menu.querySelector("summary").focus();
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(MENUS)) {
    if (!menu.open) continue;
    const choice = menu.contains(event.target) && event.target.closest("a, button:not([type=button]), [data-copy], .js-dialog");
    if (choice || !menu.contains(event.target)) closeMenu(menu);
  }
});

// While a button of the mouse is down nothing may vanish from under it: pressing a text in the menu takes the focus away
// as well, and a menu that closes just then ends the tab (Chromium). A click outside closes it anyway.
let isPressing = false;
document.addEventListener("pointerdown", () => { isPressing = true; }, true);
for (const name of ["pointerup", "pointercancel", "keydown"]) {
  document.addEventListener(name, () => { isPressing = false; }, true);
}

document.addEventListener("focusout", (event) => {
  const menu = event.target.closest(MENUS);
  if (!isPressing && menu?.open && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});

document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches?.("details.menu") || !menu.open) return;
  const box = menu.querySelector(".menu__list").getBoundingClientRect();
  const button = menu.getBoundingClientRect();
  // To the other side only where it fits better there.
  if (box.right > document.documentElement.clientWidth && button.right - box.width >= 0) menu.classList.add("menu--end");
  else if (box.left < 0) menu.classList.remove("menu--end");
}, true);

function menuTarget(key, items, current) {
  if (key === "Home") return items[0];
  if (key === "End") return items.at(-1);
  if (key === "ArrowDown") return items[(current + 1) % items.length];
  if (key === "ArrowUp") return items[current > 0 ? current - 1 : items.length - 1];
  return null;
}

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.(MENUS);
  if (!menu) return;
  if (event.key === "Escape" && menu.open) {
    event.preventDefault();
    closeMenu(menu);
    menu.querySelector("summary").focus();
    return;
  }
  if (!menu.open && event.key === "ArrowDown" && event.target.matches("summary")) menu.open = true;
  if (!menu.open) return;
  const items = [...menu.querySelectorAll("ul a, ul button:not(:disabled)")];
  const target = items.length ? menuTarget(event.key, items, items.indexOf(document.activeElement)) : null;
  if (!target) return;
  event.preventDefault();
  target.focus();
});

/* --- The dialog: a .js-dialog link fetches a fragment into it --------------------------------------------------- */

let opener = null;

function focusInto(root) {
  const first = root.querySelector("[autofocus]") ?? root.querySelector(
    ".dialog__body :is(input:not([type=hidden]), select, textarea), .dialog__footer :is(a, button)",
  );
  first?.focus();
}

function visibleOpener() {
  if (!opener?.isConnected) return opener?.id ? document.getElementById(opener.id) : null;
  return opener.closest(MENUS)?.querySelector("summary") ?? opener;
}

// A click with a modifier key asks the browser for a new tab, not for the dialog.
document.addEventListener("click", (event) => {
  const modified = event.ctrlKey || event.metaKey || event.shiftKey;
  if (modified && event.target.closest?.("a.js-dialog")) event.stopImmediatePropagation();
}, true);

document.addEventListener("htmx:beforeRequest", (event) => {
  if (!event.detail.elt.matches(".js-dialog")) return;
  opener = event.detail.elt;
  visibleOpener().setAttribute("aria-busy", "true");
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt === opener) visibleOpener()?.removeAttribute("aria-busy");
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (!dialog?.contains(event.detail.target) || dialog.open) return;
  dialog.showModal();
  focusInto(dialog);
});

document.addEventListener("click", (event) => {
  if (!dialog?.open || !event.target.closest("#dialog [data-dialog-close]")) return;
  event.preventDefault();
  dialog.close();
});

dialog?.addEventListener("close", () => {
  dialog.querySelector(".dialog__content").replaceChildren();
  visibleOpener()?.focus();
  opener = null;
});

/* --- After a partial update ------------------------------------------------------------------------------------- */

const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]";
let lost = null;
let stood = null;

const askedByPerson = (event) => Boolean(event.detail.requestConfig?.triggeringEvent?.isTrusted);

// Nothing moves under the pointer: what polls waits while a menu in it is open, a text in it is selected or a button is down.
function isInUse(part) {
  const selection = getSelection();
  return isPressing || part.querySelector("details.menu[open]") || (!selection.isCollapsed && selection.containsNode(part, true));
}

// What a part says, without what differs each time and without what people do to it.
function bare(part) {
  const copy = part.cloneNode(true);
  copy.removeAttribute("hx-swap-oob");
  for (const one of copy.querySelectorAll("[name=csrfmiddlewaretoken], .moment__ago")) one.remove();
  for (const one of [copy, ...copy.querySelectorAll("[open], [class=''], [aria-busy]")]) {
    one.removeAttribute("open");
    one.removeAttribute("aria-busy");
    if (!one.classList.length) one.removeAttribute("class");
  }
  return copy;
}

const isAsBefore = (before, after) => bare(before).isEqualNode(bare(after));

// The parts of the page beside the target that an answer brings anew.
function partsChangedBy(answer) {
  if (!answer?.includes("hx-swap-oob")) return [];
  const parts = new DOMParser().parseFromString(answer, "text/html").querySelectorAll("[hx-swap-oob]");
  return [...parts].flatMap((after) => {
    const before = document.getElementById(after.id);
    return before && !isAsBefore(before, after) ? [before] : [];
  });
}

// Where focus is, so that it comes back to the same place even if what had it has no id.
function placeOfFocus(part) {
  const place = document.activeElement.closest("[id]");
  if (!part || !place || !part.contains(place)) return { part: part?.id };
  return { part: part.id, place: place.id, order: [...place.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement) };
}

// What somebody looks at stays where it is on the screen: what has focus, what the pointer is on, or what is in the middle. At the very
// top of a page what comes in there is to be seen.
const MIDDLE = [0.5, 0.25, 0.75].flatMap((across) => [0.4, 0.6].map((down) => [across, down]));

function standing(parts) {
  // A whole part stays where it is while what is in it moves.
  const isMark = (element) => element?.closest("main") && element.getBoundingClientRect().bottom > 0
    && !parts.some((part) => element.contains(part));
  const hovered = [...document.querySelectorAll("main :hover")].at(-1);
  const middle = () => MIDDLE.map(([across, down]) => document.elementFromPoint(innerWidth * across, innerHeight * down));
  const found = [document.activeElement, hovered, ...(scrollY ? middle() : [])];
  const mark = found.map((element) => element?.closest("[id]")).find(isMark);
  return mark ? { id: mark.id, top: mark.getBoundingClientRect().top } : null;
}

// Boxes that were ticked, texts that were opened.
function keptIn(part) {
  return {
    ticked: [...part.querySelectorAll("input[type=checkbox]:checked")].map((box) => [box.name, box.value]),
    opened: [...part.querySelectorAll("details[open][id]")].map((details) => details.id),
  };
}

function bringBack({ ticked, opened }) {
  for (const [name, value] of ticked) {
    for (const box of document.getElementsByName(name)) if (box.value === value) box.checked = true;
  }
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
}

// A tab that nobody sees need not ask.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && !askedByPerson(event)) event.preventDefault();
});

// All parts of an answer come together or not at all.
document.addEventListener("htmx:beforeSwap", (event) => {
  const target = event.detail.target;
  const parts = [target, ...partsChangedBy(event.detail.serverResponse)];
  lost = stood = null;
  if (askedByPerson(event)) {
    lost = target.contains(document.activeElement) ? { part: target.id } : null;
    return;
  }
  if (parts.some(isInUse)) {
    event.detail.shouldSwap = false;
    return;
  }
  const focused = parts.find((part) => part.contains(document.activeElement));
  lost = focused ? placeOfFocus(focused) : null;
  stood = { ...standing(parts), kept: parts.map(keptIn) };
});

document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const after = event.detail.fragment.querySelector(`[id="${event.detail.target.id}"]`);
  if (after && isAsBefore(event.detail.target, after)) event.detail.shouldSwap = false;
});

document.addEventListener("htmx:afterSwap", () => {
  if (!stood) return;
  stood.kept.forEach(bringBack);
  countTicked();
  const mark = stood.id && document.getElementById(stood.id);
  if (mark) scrollBy({ top: mark.getBoundingClientRect().top - stood.top, behavior: "instant" });
  stood = null;
});

document.addEventListener("htmx:afterSettle", (event) => {
  announceWithin(event.detail.elt, askedByPerson(event));
  // htmx gives focus back to an element of the same id; where that is gone, its place or its surroundings get it.
  if (!lost || (document.activeElement && document.activeElement !== document.body)) return;
  const around = lost.place && document.getElementById(lost.place);
  const same = lost.order < 0 && around?.matches(FOCUSABLE) ? around : around?.querySelectorAll(FOCUSABLE)[lost.order];
  const place = same ?? document.getElementById(lost.part);
  if (!place) return;
  if (!same) place.tabIndex = -1;
  place.focus({ preventScroll: true });
});

for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (askedByPerson(event)) toast(name === "htmx:responseError" ? announcer.dataset.failed : announcer.dataset.offline, "danger");
  });
}

/* --- Filters of a list: an address says nothing that is empty ----------------------------------------------------- */

document.addEventListener("htmx:configRequest", (event) => {
  if (!event.detail.elt.matches("form.filter")) return;
  for (const [name, value] of [...event.detail.formData]) if (!value) event.detail.formData.delete(name);
});

/* --- Ticked rows ------------------------------------------------------------------------------------------------ */

function countTicked() {
  for (const output of document.querySelectorAll("[data-counts]")) {
    const ticked = [...document.getElementsByName(output.dataset.counts)].filter((box) => box.checked).length;
    const text = ticked ? `${output.dataset.words} ${ticked}` : "";
    if (output.textContent !== text) output.textContent = text;
  }
}

document.addEventListener("change", (event) => {
  const name = event.target.dataset?.checkAll;
  if (name) for (const box of document.getElementsByName(name)) box.checked = event.target.checked;
  countTicked();
});

/* --- The one Share menu of a list: a link to the action's own menu becomes that menu ------------------------------ */

const shareMenu = document.getElementById("share-menu");

function becomesMenu(link) {
  const title = document.getElementById(`action-${link.id.replace("share-", "")}`).textContent;
  const path = new URL(link.href).pathname;
  const control = encodeURIComponent(link.dataset.share).replaceAll("%2F", "/");
  const menu = shareMenu.content.firstElementChild.cloneNode(true);
  const summary = menu.querySelector("summary");
  summary.id = link.id;
  summary.setAttribute("aria-labelledby", link.getAttribute("aria-labelledby"));
  for (const entry of menu.querySelectorAll("a, [data-copy]")) {
    for (const name of ["href", "hx-get", "data-copy"]) {
      const found = entry.getAttribute(name);
      if (!found) continue;
      const address = name === "data-copy" ? path : encodeURIComponent(path);
      const filled = found.replaceAll("__title__", encodeURIComponent([...title].slice(0, 300).join("")));
      entry.setAttribute(name, filled.replaceAll("__address__", address).replaceAll("__control_id__", control));
    }
  }
  link.replaceWith(menu);
  htmx.process(menu);
}

function bringMenus(root) {
  if (shareMenu) for (const link of root.querySelectorAll("a[data-share]")) becomesMenu(link);
}

bringMenus(document);
countTicked();
document.addEventListener("htmx:load", (event) => {
  bringMenus(event.detail.elt);
  countTicked();
});

/* --- Copying a link, and buttons that are at work ---------------------------------------------------------------- */

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Plain http inside a company network has no clipboard interface.
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("copy");
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await copy(button.dataset.copy || location.href);
    toast(button.dataset.copied || announcer.dataset.copied);
  } catch {
    toast(announcer.dataset.notCopied, "danger");
  }
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented || form.matches("[hx-post]")) return;
  const button = event.submitter;
  if (button?.getAttribute("aria-busy") === "true") event.preventDefault();
  button?.setAttribute("aria-busy", "true");
});

// The browser's back button may bring the page back just as it was left.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
});
