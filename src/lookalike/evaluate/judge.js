"use strict";
const pairs = [...document.querySelectorAll(".pair")];
const verdicts = new Map();
let at = 0;

function show() {
  pairs.forEach((pair, place) => pair.classList.toggle("now", place === at));
  const done = at >= pairs.length ? "All answered: save them. " : `Pair ${at + 1} of ${pairs.length}. `;
  const given = [...verdicts.values()].filter((verdict) => verdict !== "").length;
  document.getElementById("left").textContent = `${done}${given} verdicts given.`;
}

function answer(verdict) {
  if (at >= pairs.length) return;
  verdicts.set(at, verdict);
  at += 1;
  show();
}

function back() {
  at = Math.max(0, at - 1);
  show();
}

function cell(text) {
  return `"${text.replaceAll('"', '""')}"`;
}

function save() {
  const rows = [...verdicts].map(([place, verdict]) => {
    const { query, image } = pairs[place].dataset;
    return [cell(query), cell(image), verdict].join(",");
  });
  const file = new Blob([["query,image,verdict", ...rows].join("\n"), "\n"], { type: "text/csv" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = "verdicts.csv";
  link.click();
}

document.querySelectorAll("[data-verdict]").forEach((button) => {
  button.addEventListener("click", () => answer(button.dataset.verdict));
});
document.getElementById("back").addEventListener("click", back);
document.getElementById("save").addEventListener("click", save);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const verdict = { y: "1", n: "0", s: "" }[event.key];
  if (verdict !== undefined) answer(verdict);
  if (event.key === "b") back();
});
show();
