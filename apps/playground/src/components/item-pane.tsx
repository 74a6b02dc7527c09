import { StorageError } from "@holdfast/core";
import { useSignal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Detail, readDetail } from "../store/detail.ts";
import { Writing } from "../store/drafts.ts";
import type { Library } from "../store/library.ts";
import { newest } from "../store/newest.ts";
import { explain } from "../store/notices.ts";
import { go, type Place } from "../store/place.ts";
import { ItemForm } from "./item-form.tsx";
import { ItemView } from "./item-view.tsx";
import { useFocusKept } from "./use-focus-kept.ts";

/** Beside the list: the chosen item, or the form of a new one. */
export function ItemPane({ library, place }: { library: Library; place: Place }) {
  if (place.at === "new") return <NewItem library={library} />;
  if (place.at === "item") return <OpenItem key={place.key} library={library} itemKey={place.key} />;
  return (
    <div class="empty pane-empty">
      <p class="muted">Choose an item to see its content and its history.</p>
    </div>
  );
}

function NewItem({ library }: { library: Library }) {
  const [writing] = useState(() => library.drafts.at(undefined) ?? new Writing());
  return (
    <ItemForm
      library={library}
      writing={writing}
      onSaved={({ key }) => go({ at: "item", key })}
      onLeave={() => go({ at: "list" })}
    />
  );
}

type Reading =
  | { readonly state: "reading" }
  | { readonly state: "absent" }
  | { readonly state: "failed"; readonly why: string }
  | { readonly state: "there"; readonly detail: Detail };

/** Undefined when what was met has gone in between. */
async function readItem({ session }: Library, key: string): Promise<Reading | undefined> {
  try {
    const detail = await readDetail(session.storage, key);
    return detail === undefined ? { state: "absent" } : { state: "there", detail };
  } catch (error) {
    return StorageError.is(error, "NOT_FOUND") ? undefined : { state: "failed", why: explain(error) };
  }
}

function OpenItem({ library, itemKey }: { library: Library; itemKey: string }) {
  const reading = useSignal<Reading>({ state: "reading" });
  // What the form was opened on, whatever is written meanwhile.
  const editing = useSignal<Writing | undefined>(library.drafts.at(itemKey));

  useEffect(() => {
    const { again, end } = newest(
      () => readItem(library, itemKey),
      (read) => {
        reading.value = read;
      },
    );
    const stop = library.onChange((key) => {
      if (key === undefined || key === itemKey) again();
    });
    again();
    return () => {
      end();
      stop();
    };
  }, [library, itemKey, reading]);

  const { value } = reading;
  const heading = useRef<HTMLHeadingElement>(null);
  useFocusKept(heading);
  // Whoever has come here, and has not seen the item go, goes on at what there is to say, as at an item.
  const came = useRef(true);
  useEffect(() => {
    if (value.state === "reading") return;
    if (came.current) heading.current?.focus();
    came.current = false;
  }, [value.state]);
  const leaveForm = () => {
    editing.value = undefined;
  };
  if (editing.value !== undefined) {
    return <ItemForm library={library} writing={editing.value} onSaved={leaveForm} onLeave={leaveForm} />;
  }
  if (value.state === "there") {
    return (
      <ItemView
        library={library}
        detail={value.detail}
        onEdit={() => {
          editing.value = library.drafts.at(itemKey) ?? new Writing(value.detail);
        }}
      />
    );
  }
  if (value.state === "reading") return <p class="quiet-state">Reading…</p>;
  return (
    <div class="empty pane-empty" role="status">
      <h2 ref={heading} tabIndex={-1}>
        {value.state === "failed" ? "This item cannot be read" : "There is no such item"}
      </h2>
      <p class="muted">{value.state === "failed" ? value.why : `Nothing stands under ${itemKey}.`}</p>
      {value.state === "failed" && (
        <button type="button" class="button primary" onClick={() => library.readAgain()}>
          Try again
        </button>
      )}
      <button type="button" class="button" onClick={() => go({ at: "list" })}>
        Back to the list
      </button>
    </div>
  );
}
