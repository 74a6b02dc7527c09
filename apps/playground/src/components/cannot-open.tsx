import { explain } from "../store/notices.ts";

/** In place of the app when there is no store to show. */
export function CannotOpen({ error }: { error: unknown }) {
  return (
    <main class="cannot-open">
      <h1>The store cannot be opened</h1>
      <p role="alert">{explain(error)}</p>
      <button type="button" class="button primary" onClick={() => location.reload()}>
        Try again
      </button>
    </main>
  );
}
