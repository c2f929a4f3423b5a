/* A browser that goes back fills in what was typed, but shows the page as it was sent. What follows the fields by htmx
(`data-follows-fields`) is told, or it would show something else than what would be sent. */

function isTyped(field) {
  if (field.options) {
    const preset = [...field.options].findIndex((option) => option.defaultSelected);
    return field.selectedIndex !== Math.max(preset, 0);
  }
  return field.type === "checkbox" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
}

addEventListener("pageshow", () => {
  for (const part of document.querySelectorAll("[data-follows-fields]")) {
    const fields = part.querySelectorAll("input:not([type=hidden]), select, textarea");
    if ([...fields].some(isTyped)) part.dispatchEvent(new Event("change"));
  }
});
