import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Stage } from "../store/stage.ts";
import { AboutForgetting, LeaveCloud } from "./leave-cloud.tsx";

// Milliseconds. A session that is renewed without an answer is tried for half a minute, or for ever.
const PATIENCE = 2_000;

/** In place of the app while no store is open yet. */
export function Opening({ stage, inCloud }: { stage: Stage; inCloud: boolean }) {
  const isLate = useSignal(false);
  useEffect(() => {
    const timer = setTimeout(() => {
      isLate.value = true;
    }, PATIENCE);
    return () => clearTimeout(timer);
  }, [isLate]);
  return (
    <main class="cannot-open">
      <div role="status">
        <h1>Opening the store…</h1>
      </div>
      {inCloud && isLate.value && (
        <>
          <div class="row">
            <LeaveCloud stage={stage} />
          </div>
          <AboutForgetting />
        </>
      )}
    </main>
  );
}
