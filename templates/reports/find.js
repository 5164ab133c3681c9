"use strict";
// The preview: shows only the cards that hold the words searched for.
(() => {
  const search = document.getElementById("search");
  const chips = [...document.querySelectorAll(".chip")];
  const cards = [...document.querySelectorAll(".phone")];
  let tone = "";

  function choose() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const card of cards) {
      const fits = (!tone || card.dataset.tone === tone) && words.every((word) => card.dataset.find.includes(word));
      card.hidden = !fits;
      shown += fits;
    }
    document.getElementById("found").textContent = `${shown.toLocaleString("en-US")} of ${cards.length.toLocaleString("en-US")} rows`;
  }

  for (const chip of chips) {
    chip.addEventListener("click", () => {
      tone = chip.dataset.tone;
      for (const one of chips) one.setAttribute("aria-pressed", String(one === chip));
      choose();
    });
  }
  search.addEventListener("input", choose);
  document.getElementById("tools").hidden = false;
})();
