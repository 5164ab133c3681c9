"use strict";
// The big table: searches, filters and sorts what the page brought along. Text is only ever set as text.
(async () => {
  if (!document.getElementById("body")) return; // no rows, no table
  const held = JSON.parse(document.getElementById("packed").textContent);
  if (typeof held === "string" && !("DecompressionStream" in window)) {
    const more = document.getElementById("more");
    more.textContent = "this browser is too old to show all rows: the Excel file has them";
    more.hidden = false;
    return;
  }
  const pack = typeof held === "string" ? await unpack(held) : held;
  const at = Object.fromEntries(pack.keys.map((key, place) => [key, place]));
  const body = document.getElementById("body");
  const heads = [...document.querySelectorAll("#rows th")];
  const columns = heads.map((head) => [head.dataset.key, head.textContent]);
  const search = document.getElementById("search");
  const chips = [...document.querySelectorAll(".chip")];
  const found = document.getElementById("found");
  const SLICE = 100;
  const PRINTED = 2000;
  const NUMBERS = new Set(["row", "contacts", "parts", "credits"]);
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const EXTRA = ["cause", "owner", "task"];
  const hidden = new Set([at.attempts, at.history, at.task]);
  const deep = document.getElementById("deep");
  let texts = null;
  let whole = null;
  let extra = {};
  let rows = pack.rows;
  let drawn = 0;
  let sorted = { key: "", down: false };

  const make = (name, content, className) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (content !== undefined && content !== null) element.textContent = content;
    return element;
  };
  const counted = (number) => `${number.toLocaleString("en-US")} ${number === 1 ? "row" : "rows"}`;
  const shown = (value) => (typeof value === "number" ? value.toLocaleString("en-US") : value ?? "");

  async function unpack(text) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }

  function badge(row) {
    const tone = row[at.tone];
    const sign = pack.signs[tone];
    const element = make("span", undefined, `badge ${tone}`);
    const mark = make("span", sign, "sign");
    mark.setAttribute("aria-hidden", "true");
    element.append(mark, ` ${row[at.status]}`);
    return element;
  }

  function cell(row, key, label) {
    const element = make("td", undefined, `c-${key}`);
    element.setAttribute("role", "cell");
    element.dataset.label = label;
    if (key === "status") element.append(badge(row));
    else if (key === "name") element.append(opener(row));
    else element.textContent = key === "row" ? String(row[at.row] || "") : shown(row[at[key]]);
    if (key === "when" && row[at.there]) element.append(make("small", `${row[at.there]} at the provider`));
    return element;
  }

  function opener(row) {
    const button = make("button", row[at.name], "open");
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => toggle(button, row));
    return button;
  }

  function toggle(button, row) {
    const line = button.closest("tr");
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    line.classList.toggle("has-detail", !open);
    if (open) return line.nextElementSibling.remove();
    const detail = make("tr", undefined, "detail");
    detail.setAttribute("role", "row");
    const wide = make("td");
    wide.setAttribute("role", "cell");
    wide.colSpan = columns.length;
    wide.append(inside(row));
    detail.append(wide);
    line.after(detail);
  }

  function inside(row) {
    const box = make("div", undefined, "inside");
    const task = `task-${row[at.entry]}-${row[at.row]}`;
    if (document.getElementById(task)) box.append(back(task));
    if (row[at.message]) box.append(block("Message", make("p", row[at.message], "bubble")));
    const facts = make("dl", undefined, "facts");
    for (const [key, label] of pack.facts) {
      if (row[at[key]]) facts.append(make("dt", label), make("dd", row[at[key]]));
    }
    box.append(facts);
    if (row[at.attempts].length) box.append(block("Attempts", log(row[at.attempts].map(attempt))));
    if (row[at.history].length) box.append(block("History", log(row[at.history].map(change))));
    return box;
  }

  function back(task) {
    const line = make("p", undefined, "back");
    const link = make("a", "back to what to do");
    link.href = `#${task}`;
    line.append(link);
    return line;
  }

  function block(title, content) {
    const element = make("div");
    element.append(make("h3", title), content);
    return element;
  }

  function log(lines) {
    const list = make("ol", undefined, "log");
    for (const [what, rest, answer] of lines) {
      const line = make("li");
      line.append(make("b", what), rest);
      if (answer) line.append(make("pre", answer));
      list.append(line);
    }
    return list;
  }

  const attempt = ([, when, outcome, http, why, answer]) =>
    [outcome, `${http ? ` (HTTP ${http})` : ""}, ${when}${why ? `: ${why}` : ""}`, answer];
  const change = ([when, what, why, who]) => [what, `, ${when}${why ? `: ${why}` : ""}${who ? ` — ${who}` : ""}`];

  function draw(until) {
    const some = document.createDocumentFragment();
    for (const row of rows.slice(drawn, until)) {
      const line = make("tr");
      line.setAttribute("role", "row");
      for (const [key, label] of columns) line.append(cell(row, key, label));
      some.append(line);
    }
    drawn = Math.min(until, rows.length);
    body.append(some);
    const left = rows.length - drawn;
    document.getElementById("more").hidden = !left;
    document.getElementById("next").textContent = `show ${Math.min(SLICE, left)} more of ${left.toLocaleString("en-US")}`;
  }

  function redraw() {
    body.replaceChildren();
    drawn = 0;
    draw(SLICE);
    const all = counted(pack.rows.length);
    label();
    found.textContent = rows.length === pack.rows.length ? all : `${rows.length.toLocaleString("en-US")} of ${all}`;
  }

  function choose() {
    const matches = matcher(search.value.toLowerCase().split(/\s+/).filter(Boolean));
    const pressed = chips.filter((chip) => chip.getAttribute("aria-pressed") === "true");
    const needs = pressed.some((chip) => "needs" in chip.dataset);
    const all = pressed.some((chip) => "all" in chip.dataset);
    const fits = (row) => pressed.some(({ dataset: { standing, words } }) =>
      standing === row[at.standing] && (!words || words === row[at.status]));
    rows = pack.rows.filter((row, place) =>
      (all || (needs && row[at.needs]) || fits(row))
      && Object.entries(extra).every(([key, value]) => row[at[key]] === value) && matches(place));
    order();
    redraw();
    remember();
  }

  // What stands together is looked for together; only where no row has the phrase, its words count one by one.
  function matcher(words) {
    if (!words.length) return () => true;
    texts ??= pack.rows.map((row) => row.filter((_, place) => !hidden.has(place)).join("\n").toLowerCase());
    if (deep.checked) whole ??= pack.rows.map((row) => row.flat(2).join("\n").toLowerCase());
    const there = deep.checked ? whole : texts;
    const phrase = new RegExp(`(?<![\\p{L}\\p{N}])${words.map(escaped).join("\\s+")}(?![\\p{L}\\p{N}])`, "u");
    if (words.length > 1 && there.some((text) => phrase.test(text))) return (place) => phrase.test(there[place]);
    return (place) => words.every((word) => there[place].includes(word));
  }
  const escaped = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

  // The address holds what is shown, so that a link shows the same rows to whoever gets it.
  function remember() {
    const held = new URLSearchParams(extra);
    const pressed = chips.filter((chip) => chip.getAttribute("aria-pressed") === "true" && !("all" in chip.dataset));
    if (pressed.length) held.set("status", [...new Set(pressed.map((chip) => chip.dataset.standing ?? "needs"))].join(","));
    const standings = new Set(pressed.map((chip) => chip.dataset.standing).filter(Boolean));
    const some = chips.some((chip) => standings.has(chip.dataset.standing) && !pressed.includes(chip));
    if (some) for (const chip of pressed) held.append("words", chip.dataset.words ?? ""); // one of several of its status
    if (search.value) held.set("search", search.value);
    const text = held.toString();
    if (text || location.hash.includes("=")) history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  }

  function follow() {
    const mark = decodeURIComponent(location.hash.slice(1));
    if (mark.startsWith("task-")) return unfold(document.getElementById(mark));
    const single = /^(row|entry)-(\d+)$/.exec(mark);
    if (single) return reveal(single[1], Number(single[2]));
    if (!mark.includes("=")) return undefined;
    const asked = new URLSearchParams(location.hash.slice(1));
    extra = Object.fromEntries(EXTRA.filter((key) => asked.has(key)).map((key) => [key, asked.get(key)]));
    search.value = asked.get("search") ?? "";
    const wanted = new Set((asked.get("status") ?? "").split(",").filter(Boolean));
    const words = asked.getAll("words");
    const named = (chip) => !words.length || words.includes(chip.dataset.words ?? "");
    for (const chip of chips) {
      const on = "all" in chip.dataset ? !wanted.size : wanted.has(chip.dataset.standing ?? "needs") && named(chip);
      chip.setAttribute("aria-pressed", String(on));
    }
    choose();
    if (Object.keys(extra).length) document.getElementById("all").scrollIntoView();
    return undefined;
  }

  function unfold(card) {
    const folded = card?.closest("details");
    if (folded) folded.open = true;
    card?.scrollIntoView({ block: "center" });
  }

  function reveal(key, number) {
    clear();
    const place = rows.findIndex((row) => row[at[key]] === number);
    if (place < 0) return;
    if (place >= drawn) draw(Math.ceil((place + 1) / SLICE) * SLICE);
    const button = body.querySelectorAll("tr:not(.detail) .open")[place];
    if (button.getAttribute("aria-expanded") !== "true") button.click();
    button.closest("tr").scrollIntoView({ block: "center" });
    button.focus({ preventScroll: true });
  }

  function clear() {
    extra = {};
    search.value = "";
    for (const chip of chips) chip.setAttribute("aria-pressed", String("all" in chip.dataset));
    const mark = location.hash;
    choose();
    history.replaceState(null, "", mark || location.pathname + location.search);
  }

  function label() {
    const only = [extra.cause, extra.owner].filter(Boolean).join(", ");
    document.getElementById("only").hidden = !only;
    document.getElementById("only-words").textContent = only ? `only: ${only}` : "";
  }

  function order() {
    if (!sorted.key) return;
    const timed = sorted.key === "when" || sorted.key === "sentence";
    const place = at[timed ? "at" : sorted.key];
    const numeric = NUMBERS.has(sorted.key) || timed;
    const turn = sorted.down ? -1 : 1;
    rows = [...rows].sort((a, b) => {
      const [one, two] = [a[place], b[place]];
      const missing = (value) => (numeric && !timed ? value === null : !value);
      const [empty, other] = [missing(one), missing(two)];
      if (empty || other) return empty - other;
      return turn * (numeric ? one - two : collator.compare(one, two));
    });
  }

  function press(chip) {
    const only = "all" in chip.dataset;
    const on = only || chip.getAttribute("aria-pressed") !== "true";
    chip.setAttribute("aria-pressed", String(on));
    for (const other of chips) {
      if (other !== chip && (only || "all" in other.dataset)) other.setAttribute("aria-pressed", "false");
    }
    if (!chips.some((one) => one.getAttribute("aria-pressed") === "true")) chips[0].setAttribute("aria-pressed", "true");
    choose();
  }

  function sortBy(head) {
    const key = head.dataset.key;
    sorted = { key, down: sorted.key === key && !sorted.down };
    for (const one of heads) one.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
    choose();
  }

  const table = () => [pack.csv, ...rows.map((row) => pack.csv.map((key) => String(row[at[key]] ?? "")))];
  // A spreadsheet program takes these first characters for a formula: an apostrophe keeps the text a text.
  const guarded = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
  const quoted = (text) => `"${guarded(text).replaceAll('"', '""')}"`;

  function save() {
    const csv = `\ufeff${table().map((line) => line.map(quoted).join(",")).join("\r\n")}\r\n`;
    const link = make("a");
    link.href = URL.createObjectURL(new Blob([csv], { type: "text/csv" }));
    link.download = "rows.csv";
    link.click();
    URL.revokeObjectURL(link.href);
    found.textContent = `${counted(rows.length)} saved as rows.csv`;
  }

  async function copy() {
    const text = table().map((line) => line.map((one) => guarded(one).replace(/\s+/g, " ")).join("\t")).join("\n");
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = make("textarea", text, "unseen");
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    found.textContent = `${counted(rows.length)} copied`;
  }

  for (const head of heads) {
    const button = make("button", head.textContent);
    button.type = "button";
    button.addEventListener("click", () => sortBy(head));
    head.replaceChildren(button);
  }
  for (const chip of chips) chip.addEventListener("click", () => press(chip));
  search.addEventListener("input", choose);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      search.value = "";
      choose();
    }
  });
  deep.addEventListener("change", choose);
  document.getElementById("everything").addEventListener("click", clear);
  window.addEventListener("hashchange", follow);
  document.getElementById("next").addEventListener("click", () => draw(drawn + SLICE));
  document.getElementById("copy").addEventListener("click", copy);
  document.getElementById("csv").addEventListener("click", save);
  let folded = [];
  window.addEventListener("beforeprint", () => {
    if (drawn < rows.length) draw(PRINTED);
    folded = [...document.querySelectorAll("main details:not([open])")];
    for (const one of folded) one.open = true;
  });
  window.addEventListener("afterprint", () => folded.forEach((one) => (one.open = false)));
  document.getElementById("tools").hidden = false;
  redraw();
  follow();
})();
