import type { StorageItem } from "@holdfast/core";
import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { type Filter, isNarrowed, sortsOf } from "../store/filter.ts";
import type { Library } from "../store/library.ts";
import { addressOf, currentPlace, go } from "../store/place.ts";
import { loadSample } from "./data-menu.tsx";
import { countOf, formatAgo, formatBytes, formatCount, formatTime, titleOf } from "./format.ts";
import { Icon } from "./icon.tsx";
import { useFocusKept } from "./use-focus-kept.ts";

const PAGE = 60;
const TAGS_SHOWN = 3;

export function ItemList({ library, section }: { library: Library; section: RefObject<HTMLElement | null> }) {
  const found = library.found.value;
  return (
    <>
      {/* It stands on the page from the start, so that screen readers hear what is put into it. */}
      <p class="visually-hidden" role="status">
        {found !== undefined && resultOf(found.length, library.filter.value)}
      </p>
      <Found library={library} found={found} section={section} />
    </>
  );
}

function resultOf(count: number, filter: Filter): string {
  return count === 0 && isNarrowed(filter) ? "Nothing found" : countOf(count, "item");
}

interface FoundProps {
  library: Library;
  found: readonly StorageItem[] | undefined;
  section: RefObject<HTMLElement | null>;
}

function Found({ library, found, section }: FoundProps) {
  const shown = useSignal(PAGE);
  // A row may be deleted, here or elsewhere.
  useFocusKept(section);
  const filter = library.filter.value;
  const { choices, chosen } = sortsOf(filter);
  if (found === undefined) return <p class="quiet-state">Opening the store…</p>;
  if (found.length === 0) {
    return isNarrowed(filter) ? <NothingFound library={library} /> : <Welcome library={library} />;
  }
  return (
    <>
      <div class="list-head">
        <p aria-hidden="true">{countOf(found.length, "item")}</p>
        <label>
          <span class="visually-hidden">Order</span>
          <select
            value={chosen}
            onChange={({ currentTarget }) => {
              const choice = choices.find(({ sort }) => sort === currentTarget.value);
              if (choice !== undefined) library.narrow({ sort: choice.sort });
            }}
          >
            {choices.map(({ sort, label }) => (
              <option key={sort} value={sort}>
                {label}
              </option>
            ))}
          </select>
        </label>
      </div>
      <ul class="items" onKeyDown={moveFocus}>
        {found.slice(0, shown.value).map((item) => (
          <Row key={item.key} item={item} />
        ))}
      </ul>
      {found.length > shown.value && (
        <button
          type="button"
          class="button wide-button"
          onClick={() => {
            shown.value += PAGE;
          }}
        >
          Show more of {formatCount(found.length)}
        </button>
      )}
    </>
  );
}

function Row({ item }: { item: StorageItem }) {
  const place = currentPlace.value;
  const current = place.at === "item" && place.key === item.key;
  const more = item.tags.length - TAGS_SHOWN;
  return (
    <li>
      <a class="item" href={addressOf({ at: "item", key: item.key })} aria-current={current ? "true" : undefined}>
        <span class="item-title clip">{titleOf(item)}</span>
        <time class="item-time" dateTime={item.modified.toISOString()} title={formatTime(item.modified)}>
          {formatAgo(item.modified)}
        </time>
        <span class="item-key clip">{item.key}</span>
        <span class="item-size">{formatBytes(item.size)}</span>
        {item.tags.length > 0 && (
          <span class="item-tags clip">
            {item.tags.slice(0, TAGS_SHOWN).join(" · ")}
            {more > 0 && ` · ${formatCount(more)} more`}
          </span>
        )}
      </a>
    </li>
  );
}

/** Up and down go from item to item, as in any list. */
function moveFocus(event: KeyboardEvent): void {
  const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  const { currentTarget } = event;
  if (by === 0 || !(currentTarget instanceof HTMLElement)) return;
  const links = [...currentTarget.querySelectorAll<HTMLAnchorElement>("a.item")];
  const at = document.activeElement instanceof HTMLAnchorElement ? links.indexOf(document.activeElement) : -1;
  const next = links[at + by];
  if (at < 0 || next === undefined) return;
  event.preventDefault();
  next.focus();
}

function NothingFound({ library }: { library: Library }) {
  const { sort } = library.filter.value;
  return (
    <div class="empty">
      <Icon name="search" />
      <h2>Nothing found</h2>
      <p>A search finds words by their beginning, in keys, tags and metadata.</p>
      <button
        type="button"
        class="button"
        onClick={() => {
          library.filter.value = { text: "", tags: [], folder: "", sort };
        }}
      >
        Show everything
      </button>
    </div>
  );
}

function Welcome({ library }: { library: Library }) {
  const busy = library.task.progress.value !== undefined;
  return (
    <div class="empty">
      <Icon name="folder" />
      <h2>Nothing here yet</h2>
      <p>
        {library.session.account === undefined
          ? "This store lives in your browser, on this device, with search and history. It works without a network."
          : "This store lives in your Supabase project, in rows that only you see, with search and history."}
      </p>
      <div class="row">
        <button type="button" class="button primary" aria-disabled={busy} onClick={() => loadSample(library)}>
          <Icon name="globe" /> Load sample data
        </button>
        <button type="button" class="button" onClick={() => go({ at: "new" })}>
          Write an item
        </button>
      </div>
    </div>
  );
}
