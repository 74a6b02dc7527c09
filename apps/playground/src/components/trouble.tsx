import type { Library } from "../store/library.ts";
import { isOnline } from "../store/online.ts";
import type { Stage } from "../store/stage.ts";

const WHY = {
  ended: "Your session has ended.",
  replaced: "Somebody else has signed in in another tab.",
} as const;

/** What stands between the page and its store in the cloud, for as long as it does. */
export function Trouble({ stage, library }: { stage: Stage; library: Library }) {
  const { account } = library.session;
  // It stands on the page from the start, so that screen readers hear what is put into it.
  return (
    <div class="trouble" role="alert">
      {account !== undefined && account.standing.value !== "lasting" ? (
        <div class="banner">
          <span>{WHY[account.standing.value]} What you see was read before, and nothing is saved.</span>
          <button
            type="button"
            class="button small"
            onClick={() => {
              stage.asking.value = true;
            }}
          >
            Sign in again
          </button>
        </div>
      ) : (
        account !== undefined &&
        !isOnline.value && (
          <div class="banner">No network. What you see was read before, and nothing is saved until it is back.</div>
        )
      )}
    </div>
  );
}
