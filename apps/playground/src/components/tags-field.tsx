import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Icon } from "./icon.tsx";
import { isSave } from "./shortcuts.ts";

interface TagsFieldProps {
  tags: readonly string[];
  /** Offered while typing. */
  known: readonly string[];
  onChange: (tags: readonly string[]) => void;
}

/** Enter or a comma adds what was typed; Backspace in the empty field takes the last one away. */
export function TagsField({ tags, known, onChange }: TagsFieldProps) {
  const typed = useSignal("");
  const input = useRef<HTMLInputElement>(null);
  const add = () => {
    const tag = typed.value.trim();
    typed.value = "";
    if (tag !== "" && !tags.includes(tag)) onChange([...tags, tag]);
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
          value={typed.value}
          onInput={({ currentTarget }) => {
            typed.value = currentTarget.value;
          }}
          onBlur={add}
          onKeyDown={(event) => {
            const last = tags.at(-1);
            if (event.key === "Enter" || event.key === ",") {
              event.preventDefault();
              add();
              // What was typed so far is saved with the rest, as when the button is clicked.
            } else if (isSave(event)) add();
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
