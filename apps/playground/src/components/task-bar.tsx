import type { RefObject } from "preact";
import type { Library } from "../store/library.ts";
import { formatCount } from "./format.ts";
import { useFocusKept } from "./use-focus-kept.ts";

/** Long work that is going on, and a way to stop it. `after` gets the focus when it is over. */
export function TaskBar({ library, after }: { library: Library; after: RefObject<HTMLElement | null> }) {
  const progress = library.task.progress.value;
  useFocusKept(after);
  return (
    <>
      {/* It stands on the page from the start, so that screen readers hear what is put into it. */}
      <p class="visually-hidden" role="status">
        {progress !== undefined && `${progress.label}…`}
      </p>
      {progress !== undefined && (
        <section class="task" aria-label="In progress">
          <label for="task-progress">{progress.label}…</label>
          <progress id="task-progress" {...(progress.total > 0 ? { value: progress.done, max: progress.total } : {})} />
          <span class="count">
            {progress.total > 0 && `${formatCount(progress.done)} of ${formatCount(progress.total)}`}
          </span>
          <button type="button" class="button small" onClick={() => library.task.stop()}>
            Stop
          </button>
        </section>
      )}
    </>
  );
}
