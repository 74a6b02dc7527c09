import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

const THEMES: readonly Theme[] = ["system", "light", "dark"];
const KEPT = "holdfast-playground-theme";

export const theme = signal<Theme>(read());

effect(() => {
  const { style } = document.documentElement;
  style.colorScheme = theme.value === "system" ? "" : theme.value;
});

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "system";
  try {
    // Needed before anything is drawn, when no store is open yet.
    localStorage.setItem(KEPT, theme.value);
  } catch {
    // Where the browser keeps nothing, the choice lasts as long as the page.
  }
}

function read(): Theme {
  try {
    const kept = localStorage.getItem(KEPT);
    return THEMES.find((one) => one === kept) ?? "system";
  } catch {
    return "system";
  }
}
