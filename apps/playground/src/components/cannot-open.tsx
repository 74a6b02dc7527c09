import { explain } from "../store/notices.ts";
import type { Stage } from "../store/stage.ts";
import { AboutForgetting, LeaveCloud } from "./leave-cloud.tsx";

/** In place of the app when there is no store to show. */
export function CannotOpen({
  stage,
  failure: { error, inCloud },
}: {
  stage: Stage;
  failure: { readonly error: unknown; readonly inCloud: boolean };
}) {
  return (
    <main class="cannot-open">
      <h1>{inCloud ? "The store in the cloud cannot be opened" : "The store cannot be opened"}</h1>
      <p role="alert">{explain(error)}</p>
      <div class="row">
        <button type="button" class="button primary" onClick={() => location.reload()}>
          Try again
        </button>
        {inCloud && <LeaveCloud stage={stage} />}
      </div>
      {inCloud && <AboutForgetting />}
    </main>
  );
}
