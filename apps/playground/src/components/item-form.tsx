import { StorageError, type StorageItem } from "@holdfast/core";
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Detail } from "../store/detail.ts";
import { type Draft, DraftError, type DraftField, saveDraft } from "../store/draft.ts";
import type { Library } from "../store/library.ts";
import { explain } from "../store/notices.ts";
import { titleOf } from "./format.ts";
import { BackLink } from "./item-view.tsx";
import { isSave } from "./shortcuts.ts";
import { TagsField } from "./tags-field.tsx";

interface ItemFormProps {
  library: Library;
  /** The item that is edited; undefined for a new one. */
  before: Detail | undefined;
  start: Draft;
  onSaved: (item: StorageItem) => void;
  onCancel: () => void;
}

interface Fault {
  readonly field: DraftField | undefined;
  readonly text: string;
}

export function ItemForm({ library, before, start, onSaved, onCancel }: ItemFormProps) {
  const draft = useSignal(start);
  const fault = useSignal<Fault | undefined>(undefined);
  // What another tab, or another part of this one, put in place meanwhile; null: it deleted the item.
  const standing = useSignal<string | null | undefined>(undefined);
  const form = useRef<HTMLFormElement>(null);
  const change = (part: Partial<Draft>) => {
    draft.value = { ...draft.value, ...part };
    fault.value = undefined;
  };
  const save = async (ifVersion: string | null) => {
    try {
      const item = await saveDraft(library.session.storage, draft.value, before, ifVersion);
      library.notices.done(`${titleOf(item)} was saved`);
      onSaved(item);
    } catch (error) {
      if (StorageError.is(error, "CONFLICT") && before !== undefined) standing.value = error.current ?? null;
      else fault.value = faultOf(error, before === undefined);
    }
  };
  // Before anybody can have begun to type.
  useLayoutEffect(() => {
    const first = before === undefined ? "#item-key" : "#item-content, .tags-field input";
    const field = form.current?.querySelector<HTMLInputElement | HTMLTextAreaElement>(first);
    field?.focus();
    // Behind "notes/", but before a long text.
    if (before !== undefined) field?.setSelectionRange(0, 0);
  }, [before]);
  useEffect(() => {
    if (fault.value?.field !== undefined)
      form.current?.querySelector<HTMLElement>(`#item-${fault.value.field}`)?.focus();
  }, [fault.value]);

  const { kind } = draft.value;
  const bytes = before?.data instanceof Uint8Array;
  return (
    <form
      ref={form}
      class="item-form"
      aria-labelledby="form-title"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void save(before?.item.version ?? null);
      }}
      onKeyDown={(event) => {
        if (isSave(event)) {
          event.preventDefault();
          form.current?.requestSubmit();
        }
      }}
    >
      <header class="pane-head">
        <BackLink />
        <h2 id="form-title" class="grow">
          {before === undefined ? "New item" : `Edit ${titleOf(before.item)}`}
        </h2>
      </header>
      {standing.value !== undefined && (
        <div class="banner" role="alert">
          <p>
            {standing.value === null
              ? "This item was deleted meanwhile."
              : "This item was changed meanwhile, here or in another tab."}
          </p>
          <div class="row">
            <button type="button" class="button small" onClick={onCancel}>
              Look at it
            </button>
            <button
              type="button"
              class="button small"
              onClick={() => {
                const { value } = standing;
                standing.value = undefined;
                if (value !== undefined) void save(value);
              }}
            >
              Save mine over it
            </button>
          </div>
        </div>
      )}
      {fault.value !== undefined && fault.value.field === undefined && (
        <p class="banner" role="alert">
          {fault.value.text}
        </p>
      )}
      {before === undefined && (
        <div class="field">
          <label for="item-key">Key</label>
          <input
            id="item-key"
            class="mono"
            autocomplete="off"
            spellcheck={false}
            value={draft.value.key}
            {...faultProps(fault.value, "key", "key-hint")}
            onInput={({ currentTarget }) => change({ key: currentTarget.value })}
          />
          <FaultText fault={fault.value} field="key" />
          <p id="key-hint" class="muted">
            Slashes make folders. Everything else is allowed, emoji too.
          </p>
        </div>
      )}
      {!bytes && (
        <div class="field">
          <div class="row spread">
            <label for="item-content">Content</label>
            <fieldset class="segments">
              <legend class="visually-hidden">Kind of content</legend>
              {(["text", "json"] as const).map((one) => (
                <label key={one}>
                  <input type="radio" name="kind" checked={kind === one} onChange={() => change({ kind: one })} />
                  <span>{one === "text" ? "Text" : "JSON"}</span>
                </label>
              ))}
            </fieldset>
          </div>
          <textarea
            id="item-content"
            class={kind === "json" ? "mono" : ""}
            rows={12}
            spellcheck={kind === "text"}
            value={draft.value.content}
            {...faultProps(fault.value, "content")}
            onInput={({ currentTarget }) => change({ content: currentTarget.value })}
          />
          <FaultText fault={fault.value} field="content" />
        </div>
      )}
      <TagsField
        tags={draft.value.tags}
        known={library.overview.value?.tags ?? []}
        onChange={(tags) => change({ tags })}
      />
      <div class="field">
        <label for="item-metadata">Metadata</label>
        <textarea
          id="item-metadata"
          class="mono"
          rows={draft.value.metadata === "" ? 2 : 6}
          spellcheck={false}
          placeholder={'{ "title": "…", "stars": 3 }'}
          value={draft.value.metadata}
          {...faultProps(fault.value, "metadata", "metadata-hint")}
          onInput={({ currentTarget }) => change({ metadata: currentTarget.value })}
        />
        <FaultText fault={fault.value} field="metadata" />
        <p id="metadata-hint" class="muted">
          A JSON object. Search finds its words.
        </p>
      </div>
      <div class="form-foot row end">
        <button type="button" class="button" onClick={onCancel}>
          Cancel
        </button>
        <button type="submit" class="button primary" aria-keyshortcuts="Control+S">
          Save
        </button>
      </div>
    </form>
  );
}

function FaultText({ fault, field }: { fault: Fault | undefined; field: DraftField }) {
  if (fault?.field !== field) return null;
  return (
    <p id={`${field}-fault`} class="fault" role="alert">
      {fault.text}
    </p>
  );
}

function faultProps(fault: Fault | undefined, field: DraftField, hint?: string) {
  const wrong = fault?.field === field;
  const described = [wrong ? `${field}-fault` : undefined, hint].filter((id) => id !== undefined);
  return {
    "aria-invalid": wrong,
    ...(described.length === 0 ? {} : { "aria-describedby": described.join(" ") }),
  };
}

function faultOf(error: unknown, isNew: boolean): Fault {
  if (error instanceof DraftError) return { field: error.field, text: error.message };
  if (StorageError.is(error, "INVALID_KEY")) return { field: "key", text: explain(error) };
  if (StorageError.is(error, "INVALID_VALUE")) return { field: "content", text: explain(error) };
  if (isNew && StorageError.is(error, "CONFLICT")) {
    return { field: "key", text: "There is an item of this key already: choose another one, or edit that item." };
  }
  return { field: undefined, text: explain(error) };
}
