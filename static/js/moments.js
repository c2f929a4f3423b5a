/* Times in words ("5 minutes ago") go on while a page stays open, and give way to exact ones by a key. */

const STEPS = [["minute", 60, 3600], ["hour", 3600, 86_400], ["day", 86_400, 30 * 86_400]];
// Ages go by the portal's clock, which wrote the page just now: that of this machine may be wrong.
const ahead = Date.now() - 1000 * document.body.dataset.now || 0;
const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always" });

// What screen readers watch would be read out again each time, and what is selected would be lost.
function isToBeLeft(part) {
  const selection = getSelection();
  return part.closest("[aria-live], [role=status], [role=alert]") || (!selection.isCollapsed && selection.containsNode(part, true));
}

function goOn() {
  if (document.hidden) return;
  for (const moment of document.querySelectorAll("time.moment")) {
    const part = moment.querySelector(".moment__ago");
    const seconds = (new Date(moment.dateTime) - Date.now() + ahead) / 1000;
    const step = STEPS.find(([, from, until]) => Math.abs(seconds) >= from && Math.abs(seconds) < until);
    if (!step || !part || isToBeLeft(part)) continue;
    // In Japanese a number stays with its counter.
    const text = words.format(Math.trunc(seconds / step[1]), step[0]).replace(/(\d) (?=[^ -~])/, "$1\u00a0");
    if (part.textContent !== text) part.textContent = text;
  }
}

function toggleExact() {
  const root = document.documentElement;
  if (root.dataset.times === "exact") delete root.dataset.times;
  else root.dataset.times = "exact";
}

setInterval(goOn, 15_000);
document.addEventListener("visibilitychange", goOn);

document.addEventListener("moments:toggle", toggleExact);
