/* A chart's days by mouse, finger and arrow keys. Without scripts the drawing's own titles and the table tell them. */

const DAY = ".chart__days > g";
const kept = new Map();

function daysOf(chart) {
  const days = [...chart.querySelectorAll(DAY)];
  for (const day of days) {
    // What is told below the chart is not to pop up over it as well.
    const title = day.querySelector("title");
    if (!title) continue;
    day.dataset.told = title.textContent;
    title.remove();
  }
  return days;
}

function choose(chart, place) {
  const days = daysOf(chart);
  const day = days[place];
  if (!day) return;
  for (const other of days) other.classList.toggle("is-chosen", other === day);
  chart.querySelector(".chart__told").textContent = day.dataset.told;
  const slider = chart.querySelector(".chart__slider");
  slider.value = place;
  slider.setAttribute("aria-valuetext", day.dataset.told);
  kept.set(slider.id, place);
}

for (const name of ["pointerover", "pointerdown"]) {
  document.addEventListener(name, (event) => {
    const day = event.target.closest?.(DAY);
    const chart = day?.closest(".chart");
    if (chart?.querySelector(".chart__slider")) choose(chart, daysOf(chart).indexOf(day));
  });
}

for (const name of ["input", "focusin"]) {
  document.addEventListener(name, (event) => {
    if (event.target.matches?.(".chart__slider")) choose(event.target.closest(".chart"), Number(event.target.value));
  });
}

// A page that refreshes itself draws the chart anew: what somebody looks at stays chosen.
document.addEventListener("htmx:afterSettle", () => {
  for (const slider of document.querySelectorAll(".chart__slider")) {
    if (kept.has(slider.id)) choose(slider.closest(".chart"), kept.get(slider.id));
  }
});
