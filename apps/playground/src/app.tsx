import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { AccountBar } from "./components/account-bar.tsx";
import { Filters } from "./components/filters.tsx";
import { Icon } from "./components/icon.tsx";
import { ItemList } from "./components/item-list.tsx";
import { ItemPane } from "./components/item-pane.tsx";
import { NoticeList } from "./components/notices.tsx";
import { SignIn } from "./components/sign-in.tsx";
import { SpaceMeter } from "./components/space-meter.tsx";
import { TopBar } from "./components/top-bar.tsx";
import { Unsaved } from "./components/unsaved.tsx";
import { isNarrowed } from "./store/filter.ts";
import type { Library } from "./store/library.ts";
import { addressOf, currentPlace, type Place } from "./store/place.ts";
import type { Stage } from "./store/stage.ts";
import { isWide } from "./store/wide.ts";

interface AppProps {
  stage: Stage;
  library: Library;
  /** The section of the items. */
  items: RefObject<HTMLElement | null>;
}

export function App({ stage, library, items }: AppProps) {
  const place = currentPlace.value;
  useFocusOfLast(place, items);
  return (
    <>
      <button type="button" class="skip" onClick={() => items.current?.focus()}>
        Skip to the items
      </button>
      <TopBar stage={stage} library={library} />
      <div class="columns" data-at={place.at}>
        <Side library={library} />
        <main>
          <section ref={items} class="list-column" tabIndex={-1} aria-label="Items">
            <AccountBar library={library} />
            <Unsaved library={library} />
            <ItemList library={library} section={items} />
          </section>
          <section class="pane" aria-label="Item">
            <ItemPane library={library} place={place} />
          </section>
        </main>
      </div>
      <SignIn stage={stage} library={library} />
      <NoticeList library={library} after={items} />
    </>
  );
}

function Side({ library }: { library: Library }) {
  const content = (
    <>
      <Filters library={library} />
      <SpaceMeter library={library} />
    </>
  );
  return (
    <aside class="side" aria-label="Filters and storage">
      {isWide.value ? (
        content
      ) : (
        <details>
          <summary>
            <Icon name="filter" /> Filters and storage
            {isNarrowed(library.filter.value) && <span class="in-use">in use</span>}
          </summary>
          {content}
        </details>
      )}
    </aside>
  );
}

/** Who comes back from an item goes on in the list where they left it. */
function useFocusOfLast(place: Place, items: { readonly current: HTMLElement | null }): void {
  const last = useRef<Place>(place);
  useEffect(() => {
    const before = last.current;
    last.current = place;
    if (place.at !== "list" || before.at === "list") return;
    const link = items.current?.querySelector<HTMLElement>(`a[href="${CSS.escape(addressOf(before))}"]`);
    (link ?? items.current)?.focus();
  }, [place, items]);
}
