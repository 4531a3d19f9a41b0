// Conveniences only: the pages say everything without this file.
"use strict";

(function () {
  // The search answers while one types; Enter asks the server, as without JavaScript.
  const box = document.getElementById("q");
  const cards = [...document.querySelectorAll(".card")];
  if (box) {
    const entries = cards.map((card) => ({
      card,
      own: text(card, "h3") + text(card, "h3 + p"),
      rows: [...card.querySelectorAll(".members > dt")].map((dt) => ({
        dt,
        text: (dt.id + " " + dt.textContent + " " + dt.nextElementSibling.textContent)
          .toLowerCase(),
      })),
    }));
    const links = new Map(
      [...document.querySelectorAll(".side li a")].map((a) => [a.hash.slice(1), a]),
    );
    box.addEventListener("input", () => narrow(entries, links, box.value));
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && document.activeElement !== box) {
        event.preventDefault();
        box.focus();
      }
    });
  }

  function text(card, selector) {
    return " " + (card.querySelector(selector)?.textContent ?? "").toLowerCase();
  }

  function narrow(entries, links, sought) {
    const words = sought.toLowerCase().split(/\s+/).filter(Boolean);
    const has = (text) => words.every((word) => text.includes(word));
    for (const { card, own, rows } of entries) {
      const whole = has(own);
      let some = false;
      for (const { dt, text } of rows) {
        const shown = whole || has(text);
        some ||= shown;
        dt.hidden = dt.nextElementSibling.hidden = !shown;
        mark(links.get(dt.id), shown);
      }
      card.hidden = !(whole || some);
      mark(links.get(card.id), !card.hidden);
    }
    for (const heading of document.querySelectorAll("#cards > h2")) {
      let next = heading.nextElementSibling;
      let some = false;
      for (; next && next.matches(".card"); next = next.nextElementSibling) {
        some ||= !next.hidden;
      }
      heading.hidden = !some;
    }
  }

  function mark(link, shown) {
    if (link) link.parentElement.hidden = !shown;
  }

  // A button on each program and document, where the browser lets pages copy.
  if (navigator.clipboard) {
    for (const pre of document.querySelectorAll("pre")) {
      const button = document.createElement("button");
      button.className = "copy";
      button.type = "button";
      button.textContent = "Copy";
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(pre.querySelector("code").textContent);
        button.textContent = "Copied";
        setTimeout(() => (button.textContent = "Copy"), 1500);
      });
      pre.append(button);
    }
  }
})();
