// Light, dark, or as the system has it; remembered in this browser.

export type Theme = "auto" | "light" | "dark";

const NAME = "lookalike-theme";
const THEMES: Theme[] = ["auto", "light", "dark"];

let chosen = $state<Theme>(remembered());
show();

export const theme = {
  get chosen(): Theme {
    return chosen;
  },
  /** Whether the page is dark now; ask again after a change. */
  get dark(): boolean {
    return chosen === "dark" || (chosen === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  },
  next(): void {
    chosen = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length];
    try {
      localStorage.setItem(NAME, chosen);
    } catch {
      // a browser that keeps nothing forgets it with the page
    }
    show();
  },
};

function remembered(): Theme {
  try {
    const name = localStorage.getItem(NAME) as Theme;
    return THEMES.includes(name) ? name : "auto";
  } catch {
    return "auto";
  }
}

function show(): void {
  document.documentElement.dataset.theme = chosen;
}
