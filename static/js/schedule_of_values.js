/* The schedule of values while it is edited: lines are added, removed and moved in place, and totals follow the typing.
   The form works without this: the same buttons then send it, and the server does the same. Figures are whole numbers
   of ten-thousandths (BigInt), so that they come out as the server's do, to the cent. */
"use strict";

(() => {
  const table = document.getElementById("lines");
  if (!table) return;
  const form = table.closest("form");
  const body = table.tBodies[0];
  const template = document.getElementById("line-template");
  const total = document.getElementById("total");
  const rowsOf = () => [...body.rows];
  const MOST_LINES = 500;

  /* "1,234.5" → 12345000n ten-thousandths; null for what is no number, or has more decimals than four. */
  function read(text) {
    const typed = text.trim().replace("\u2212", "-").replace(/^([+-]?)\$\s*(?=[-.\d])/, "$1");
    const found = /^([+-]?)(\d{1,3}(?:,\d{3})+|\d+)?(?:\.(\d*))?$/.exec(typed);
    if (!found || !/\d/.test(typed)) return null;
    const decimals = (found[3] || "").replace(/0+$/, "");
    if (decimals.length > 4) return null;
    const units = BigInt((found[2] || "0").replaceAll(",", "") + decimals.padEnd(4, "0"));
    return found[1] === "-" ? -units : units;
  }

  /* To cents, a half rounded away from zero. */
  function cents(value, perCent) {
    const size = value < 0n ? -value : value;
    const rounded = (size + perCent / 2n) / perCent;
    return value < 0n ? -rounded : rounded;
  }

  function money(value) {
    const size = value < 0n ? -value : value;
    const whole = (size / 100n).toString().replace(/\B(?=(\d{3})+$)/g, ",");
    return (value < 0n ? "\u2212" : "") + whole + "." + (size % 100n).toString().padStart(2, "0");
  }

  function isByUnit() {
    const chosen = form.querySelector("[name=accounting_method]:checked");
    return chosen !== null && chosen.value === "unit_based";
  }

  function computed(row) {
    const quantity = read(row.querySelector("[name=line_quantity]").value);
    const cost = read(row.querySelector("[name=line_unit_cost]").value);
    return quantity === null || cost === null ? null : cents(quantity * cost, 1000000n);
  }

  function update() {
    const byUnit = isByUnit();
    let sum = 0n;
    const unread = [];
    rowsOf().forEach((row, index) => {
      const product = computed(row);
      row.querySelector(".line-amount").value = product === null ? "\u2014" : money(product);
      const amount = read(row.querySelector("[name=line_amount]").value);
      const figures = byUnit ? ["quantity", "unit_cost"] : ["amount"];
      const isUnread = (name) => {
        const text = row.querySelector(`[name=line_${name}]`).value;
        return text.trim() !== "" && read(text) === null;
      };
      if (figures.some(isUnread)) unread.push(index + 1);
      const counted = byUnit ? product : amount === null ? null : cents(amount, 100n);
      sum += counted === null ? 0n : counted;
    });
    const text = money(sum) + (unread.length ? ` without line ${unread.join(" and ")}` : "");
    if (total.value !== text) total.value = text;
  }

  /* Ids, names of buttons and what screen readers say carry the line's number. */
  function renumber() {
    rowsOf().forEach((row, index) => {
      const number = String(index + 1);
      row.querySelector(".line-number").textContent = number;
      for (const element of row.querySelectorAll("[id], [aria-label], [aria-describedby], button[name]")) {
        for (const name of ["id", "aria-describedby"]) {
          const value = element.getAttribute(name);
          if (value) element.setAttribute(name, value.replace(/^line-\d+-/, `line-${number}-`));
        }
        const label = element.getAttribute("aria-label");
        if (label) element.setAttribute("aria-label", label.replace(/line \d+/, `line ${number}`));
        if (element.name) element.name = element.name.replace(/_\d+$/, `_${number}`);
      }
    });
    update();
  }

  function add() {
    body.append(template.content.cloneNode(true));
    const row = body.lastElementChild;
    if (window.htmx) window.htmx.process(row);
    renumber();
    row.querySelector("[name=line_cost_code]").focus();
  }

  function remove(row) {
    const next = row.nextElementSibling || row.previousElementSibling;
    row.remove();
    renumber();
    (next ? next.querySelector("[name=line_cost_code]") : form.querySelector("[name=add_line]")).focus();
  }

  function move(row, button, up) {
    const other = up ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    if (up) other.before(row); else other.after(row);
    renumber();
    button.focus();
  }

  let isChanged = "unsaved" in form.dataset;
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name]");
    if (!button || button.name === "save") return;
    const row = button.closest("tr.line");
    if (button.name === "update_totals") update();
    else if (button.name === "add_line" && body.rows.length < MOST_LINES) add();
    else if (button.name.startsWith("remove_line_")) remove(row);
    else if (button.name.startsWith("move_")) move(row, button, button.name.startsWith("move_up_"));
    else return;
    if (button.name !== "update_totals") isChanged = true;
    event.preventDefault();
  });

  form.addEventListener("input", () => { isChanged = true; update(); });
  form.addEventListener("change", update);
  form.addEventListener("submit", () => { isChanged = false; });
  window.addEventListener("beforeunload", (event) => { if (isChanged) event.preventDefault(); });

  form.querySelector(".schedule [name=update_totals]").hidden = true;
  update();
})();
