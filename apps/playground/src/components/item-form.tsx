import type { StorageItem } from "@holdfast/core";
import { useSignalEffect } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { DraftField } from "../store/draft.ts";
import type { Fault, Writing } from "../store/drafts.ts";
import type { Library } from "../store/library.ts";
import { titleOf } from "./format.ts";
import { BackLink } from "./item-view.tsx";
import { isSave } from "./shortcuts.ts";
import { TagsField } from "./tags-field.tsx";
import { useFocusKept } from "./use-focus-kept.ts";

interface ItemFormProps {
  library: Library;
  writing: Writing;
  /** Not called when the form is not shown any more. */
  onSaved: (item: StorageItem) => void;
  /** For now, or for good. */
  onLeave: () => void;
}

export function ItemForm({ library, writing, onSaved, onLeave }: ItemFormProps) {
  const { drafts } = library;
  const { before } = writing;
  const draft = writing.typed.value;
  const fault = writing.fault.value;
  const standing = writing.standing.value;
  const saving = writing.saving.value;
  const form = useRef<HTMLFormElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => drafts.show(writing), [drafts, writing]);
  useSignalEffect(() => {
    const item = writing.saved.value;
    if (item !== undefined) onSaved(item);
  });
  // Before anybody can have begun to type.
  useLayoutEffect(() => {
    const first = before === undefined ? "#item-key" : "#item-content, .tags-field input";
    const field = form.current?.querySelector<HTMLInputElement | HTMLTextAreaElement>(first);
    field?.focus();
    // Behind "notes/", but before a long text.
    if (before !== undefined) field?.setSelectionRange(0, 0);
  }, [before]);
  useEffect(() => {
    if (fault?.field !== undefined) form.current?.querySelector<HTMLElement>(`#item-${fault.field}`)?.focus();
  }, [fault]);

  useFocusKept(heading);

  const bytes = before?.data instanceof Uint8Array;
  return (
    <form
      ref={form}
      class="item-form"
      aria-labelledby="form-title"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void save(library, writing);
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
        <h2 id="form-title" ref={heading} class="grow" tabIndex={-1}>
          {before === undefined ? "New item" : `Edit ${titleOf(before.item)}`}
        </h2>
      </header>
      {standing !== undefined && (
        <div class="banner" role="alert">
          <p>{textOf(standing)}</p>
          <div class="row">
            <button type="button" class="button small" onClick={onLeave}>
              Look at it
            </button>
            <button type="button" class="button small" onClick={() => void save(library, writing, standing)}>
              Save mine over it
            </button>
          </div>
        </div>
      )}
      {fault !== undefined && fault.field === undefined && (
        <p class="banner" role="alert">
          {fault.text}
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
            readOnly={saving}
            value={draft.key}
            {...faultProps(fault, "key", "key-hint")}
            onInput={({ currentTarget }) => writing.type({ key: currentTarget.value })}
          />
          <FaultText fault={fault} field="key" />
          <p id="key-hint" class="muted">
            Slashes make folders. Everything else is allowed, emoji too.
          </p>
        </div>
      )}
      {!bytes && (
        <div class="field">
          <div class="row spread">
            <label for="item-content">Content</label>
            <fieldset class="segments" disabled={saving}>
              <legend class="visually-hidden">Kind of content</legend>
              {(["text", "json"] as const).map((one) => (
                <label key={one}>
                  <input
                    type="radio"
                    name="kind"
                    checked={draft.kind === one}
                    onChange={() => writing.type({ kind: one })}
                  />
                  <span>{one === "text" ? "Text" : "JSON"}</span>
                </label>
              ))}
            </fieldset>
          </div>
          <textarea
            id="item-content"
            class={draft.kind === "json" ? "mono" : ""}
            rows={12}
            spellcheck={draft.kind === "text"}
            readOnly={saving}
            value={draft.content}
            {...faultProps(fault, "content")}
            onInput={({ currentTarget }) => writing.type({ content: currentTarget.value })}
          />
          <FaultText fault={fault} field="content" />
        </div>
      )}
      <TagsField
        tags={draft.tags}
        readOnly={saving}
        known={library.overview.value?.tags ?? []}
        onChange={(tags) => writing.type({ tags })}
      />
      <div class="field">
        <label for="item-metadata">Metadata</label>
        <textarea
          id="item-metadata"
          class="mono"
          rows={draft.metadata === "" ? 2 : 6}
          spellcheck={false}
          placeholder={'{ "title": "…", "stars": 3 }'}
          readOnly={saving}
          value={draft.metadata}
          {...faultProps(fault, "metadata", "metadata-hint")}
          onInput={({ currentTarget }) => writing.type({ metadata: currentTarget.value })}
        />
        <FaultText fault={fault} field="metadata" />
        <p id="metadata-hint" class="muted">
          A JSON object. Search finds its words.
        </p>
      </div>
      <div class="form-foot row end">
        <button
          type="button"
          class="button"
          aria-disabled={saving}
          onClick={() => {
            if (saving) return;
            drafts.end(writing);
            onLeave();
          }}
        >
          Cancel
        </button>
        <button type="submit" class="button primary" aria-disabled={saving} aria-keyshortcuts="Control+S">
          {saving ? "Saving…" : "Save"}
        </button>
      </div>
    </form>
  );
}

/** It may end when the form is gone: then what came of it is told where one is by then. */
async function save({ session, drafts, notices }: Library, writing: Writing, over?: string | null): Promise<void> {
  await writing.save(session.storage, over);
  const { saved, fault, standing, typed } = writing;
  if (saved.value !== undefined) {
    drafts.end(writing);
    notices.done(`${titleOf(saved.value)} was saved`);
  } else if (!drafts.isShown(writing)) {
    const why = fault.value?.text ?? textOf(standing.value);
    notices.failed(`Saving ${typed.value.key}`, new Error(`${why} What you typed is kept.`));
  }
}

/** What the version is that stands in the way. */
function textOf(standing: string | null | undefined): string {
  return standing === null
    ? "This item was deleted meanwhile."
    : "This item was changed meanwhile, here or in another tab.";
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
