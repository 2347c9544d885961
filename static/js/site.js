/* Small comforts; every page works without them.
   Menus close on Escape and on a click elsewhere; Tick all ticks in place, so that what is typed in the rows stays; when
   the server does not answer a partial update, the page says so. */
"use strict";

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
  }
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-ticks]");
  if (!link) return;
  event.preventDefault();
  const boxes = [...document.querySelectorAll(`input[type=checkbox][form=${link.dataset.ticks}]`)];
  const ticked = boxes.some((box) => !box.checked);
  for (const box of boxes) box.checked = ticked;
  link.textContent = ticked ? "Tick none" : "Tick all";
});

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, () => {
    const said = document.getElementById("no-answer");
    document.getElementById("messages").replaceChildren(said.content.cloneNode(true));
  });
}
