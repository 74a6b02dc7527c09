import { useEffect, useRef } from "preact/hooks";
import type { Library } from "../store/library.ts";
import { go } from "../store/place.ts";
import type { Stage } from "../store/stage.ts";
import { nextTheme, theme } from "../store/theme.ts";
import { DataMenu } from "./data-menu.tsx";
import { Icon } from "./icon.tsx";
import { TaskBar } from "./task-bar.tsx";
import { Trouble } from "./trouble.tsx";

export function TopBar({ stage, library }: { stage: Stage; library: Library }) {
  const heading = useRef<HTMLHeadingElement>(null);
  return (
    <header class="top-bar">
      <h1 ref={heading} class="brand" tabIndex={-1}>
        <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
          <path d="M16 5v13M16 18c-6 0-9 3-9 8M16 18c6 0 9 3 9 8M16 18v8M16 9c4 0 6-2 6-4M16 13.500c-4 0-6-2-6-4" />
        </svg>
        <span>
          Holdfast <span class="brand-more">playground</span>
        </span>
      </h1>
      <SearchField library={library} />
      <div class="actions">
        <button type="button" class="button primary" onClick={() => go({ at: "new" })}>
          <Icon name="plus" />
          <span class="wide">New item</span>
        </button>
        <ThemeButton />
        <DataMenu stage={stage} library={library} />
      </div>
      <Trouble stage={stage} library={library} />
      <TaskBar library={library} after={heading} />
    </header>
  );
}

function SearchField({ library }: { library: Library }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { target } = event;
      const typing = target instanceof HTMLElement && target.closest("input, textarea, select, dialog") !== null;
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  return (
    <search class="search">
      <Icon name="search" />
      <label class="visually-hidden" for="search">
        Search keys, tags and metadata
      </label>
      <input
        ref={input}
        id="search"
        type="search"
        placeholder="Search keys, tags, metadata"
        autocomplete="off"
        spellcheck={false}
        aria-keyshortcuts="/"
        value={library.filter.value.text}
        onInput={({ currentTarget }) => library.narrow({ text: currentTarget.value })}
      />
    </search>
  );
}

const THEME_ICONS = { system: "device", light: "sun", dark: "moon" } as const;

function ThemeButton() {
  return (
    <button
      type="button"
      class="button quiet square"
      aria-label={`Colours: ${theme.value}`}
      title={`Colours: ${theme.value}`}
      onClick={nextTheme}
    >
      <Icon name={THEME_ICONS[theme.value]} />
    </button>
  );
}
