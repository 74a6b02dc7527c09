import type { Library } from "../store/library.ts";
import { formatCount } from "./format.ts";

/** Long work that is going on, and a way to stop it. */
export function TaskBar({ library }: { library: Library }) {
  const progress = library.task.progress.value;
  if (progress === undefined) return null;
  const { label, done, total } = progress;
  return (
    <section class="task" aria-label="In progress">
      <label for="task-progress">{label}…</label>
      <progress id="task-progress" {...(total > 0 ? { value: done, max: total } : {})} />
      <span class="count">{total > 0 ? `${formatCount(done)} of ${formatCount(total)}` : ""}</span>
      <button type="button" class="button small" onClick={() => library.task.stop()}>
        Stop
      </button>
    </section>
  );
}
