"use strict";
const cards = [...document.querySelectorAll(".pair")];
const typed = document.getElementById("typed");
const given = new Map();
let at = 0;

function show() {
  cards.forEach((card, place) => card.classList.toggle("now", place === at));
  const done = at >= cards.length ? "All seen: save them. " : `${at + 1} of ${cards.length}. `;
  const guess = at < cards.length ? cards[at].dataset.shown : "";
  const count = [...given.values()].filter((label) => label !== "").length;
  const say = guess ? `Guess: ${guess}. Enter takes it. ` : "";
  document.getElementById("left").textContent = `${done}${say}${count} labels given.`;
  typed.value = given.get(at) ?? "";
  typed.placeholder = at < cards.length && cards[at].dataset.guess ? cards[at].dataset.guess : "Label, then Enter";
  typed.focus();
}

function answer(label) {
  if (at >= cards.length) return;
  given.set(at, label.trim());
  at += 1;
  show();
}

function cell(text) {
  return `"${text.replaceAll('"', '""')}"`;
}

function save() {
  const rows = [...given]
    .filter(([, label]) => label !== "")
    .map(([place, label]) => `${cell(cards[place].dataset.name)},${cell(label)}`);
  const file = new Blob([["KIND,label", ...rows].join("\n"), "\n"], { type: "text/csv" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = "labels.csv";
  link.click();
}

document.querySelectorAll("[data-label]").forEach((button) => {
  button.addEventListener("click", () => answer(button.dataset.label));
});
document.getElementById("skip").addEventListener("click", () => answer(""));
document.getElementById("back").addEventListener("click", () => {
  at = Math.max(0, at - 1);
  show();
});
document.getElementById("save").addEventListener("click", save);
typed.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || at >= cards.length) return;
  const label = typed.value.trim() || cards[at].dataset.guess;
  if (label) answer(label);
});
show();
