import { StorageError } from "@holdfast/core";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { type Detail, readDetail } from "../store/detail.ts";
import { draftOf, newDraft } from "../store/draft.ts";
import type { Library } from "../store/library.ts";
import { newest } from "../store/newest.ts";
import { explain } from "../store/notices.ts";
import { go, type Place } from "../store/place.ts";
import { ItemForm } from "./item-form.tsx";
import { ItemView } from "./item-view.tsx";

/** Beside the list: the chosen item, or the form of a new one. */
export function ItemPane({ library, place }: { library: Library; place: Place }) {
  if (place.at === "new") {
    return (
      <ItemForm
        library={library}
        before={undefined}
        start={newDraft()}
        onSaved={({ key }) => go({ at: "item", key })}
        onCancel={() => go({ at: "list" })}
      />
    );
  }
  if (place.at === "item") return <OpenItem key={place.key} library={library} itemKey={place.key} />;
  return (
    <div class="empty pane-empty">
      <p class="muted">Choose an item to see its content and its history.</p>
    </div>
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
  const editing = useSignal<Detail | undefined>(undefined);

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
  if (editing.value !== undefined) {
    return (
      <ItemForm
        library={library}
        before={editing.value}
        start={draftOf(editing.value)}
        onSaved={() => {
          editing.value = undefined;
        }}
        onCancel={() => {
          editing.value = undefined;
        }}
      />
    );
  }
  if (value.state === "there") {
    return (
      <ItemView
        library={library}
        detail={value.detail}
        onEdit={() => {
          editing.value = value.detail;
        }}
      />
    );
  }
  if (value.state === "reading") return <p class="quiet-state">Reading…</p>;
  return (
    <div class="empty pane-empty" role="status">
      <h2>{value.state === "failed" ? "This item cannot be read" : "There is no such item"}</h2>
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
