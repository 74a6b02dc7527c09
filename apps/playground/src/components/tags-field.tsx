import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Icon } from "./icon.tsx";
import { isSave } from "./shortcuts.ts";

interface TagsFieldProps {
  tags: readonly string[];
  /** Offered while typing. */
  known: readonly string[];
  readOnly: boolean;
  onChange: (tags: readonly string[]) => void;
}

/** Enter or a comma adds what was typed; Backspace in the empty field takes the last one away. */
export function TagsField({ tags, known, readOnly, onChange }: TagsFieldProps) {
  const typed = useSignal("");
  const input = useRef<HTMLInputElement>(null);
  const add = (texts: readonly string[]) => {
    const added = texts.map((text) => text.trim()).filter((tag) => tag !== "" && !tags.includes(tag));
    if (added.length > 0) onChange([...tags, ...new Set(added)]);
  };
  const addTyped = () => {
    add([typed.value]);
    typed.value = "";
  };
  // By what is in the field: the keyboards of phones do not say which key it was.
  const take = (field: HTMLInputElement) => {
    const parts = field.value.split(",");
    const rest = parts.pop() ?? "";
    typed.value = rest;
    // Where nothing but a comma was typed, nothing is drawn again.
    if (parts.length > 0) field.value = rest;
    add(parts);
  };
  const remove = (tag: string) => {
    onChange(tags.filter((one) => one !== tag));
    input.current?.focus();
  };
  return (
    <div class="field">
      <label for="item-tags">Tags</label>
      <div class="tags-field">
        {tags.map((tag) => (
          <span key={tag} class="chip static">
            {tag}
            <button type="button" aria-label={`Remove the tag ${tag}`} onClick={() => remove(tag)}>
              <Icon name="close" />
            </button>
          </span>
        ))}
        <input
          ref={input}
          id="item-tags"
          list="known-tags"
          autocomplete="off"
          placeholder={tags.length === 0 ? "Add tags" : ""}
          aria-describedby="tags-hint"
          readOnly={readOnly}
          value={typed.value}
          onInput={(event) => {
            // What is being composed is not a text yet, and setting it would end that.
            if (event.isComposing) typed.value = event.currentTarget.value;
            else take(event.currentTarget);
          }}
          onCompositionEnd={({ currentTarget }) => take(currentTarget)}
          onBlur={addTyped}
          onKeyDown={(event) => {
            const last = tags.at(-1);
            // This key belongs to an input method. Safari says so by the number alone.
            if (event.isComposing || event.keyCode === 229) return;
            if (event.key === "Enter") {
              event.preventDefault();
              addTyped();
              // What was typed so far is saved with the rest, as when the button is clicked.
            } else if (isSave(event)) addTyped();
            else if (event.key === "Backspace" && typed.value === "" && last !== undefined) remove(last);
          }}
        />
        <datalist id="known-tags">
          {known.map((tag) => (
            <option key={tag} value={tag} />
          ))}
        </datalist>
      </div>
      <p id="tags-hint" class="muted">
        Enter or a comma adds one.
      </p>
    </div>
  );
}
