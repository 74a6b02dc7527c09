import type { Stage } from "../store/stage.ts";

/** What there is to do where the store in the cloud does not open. */
export function LeaveCloud({ stage }: { stage: Stage }) {
  return (
    <>
      <button type="button" class="button" onClick={() => void stage.useBrowser()}>
        Open this browser's store
      </button>
      <button type="button" class="button" onClick={() => void stage.forgetProject()}>
        Forget the project
      </button>
    </>
  );
}

export function AboutForgetting() {
  return <p class="muted">Forgetting it signs out in this browser. What is stored in the project stays there.</p>;
}
