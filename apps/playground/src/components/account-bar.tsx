import type { Library } from "../store/library.ts";
import { isOnline } from "../store/online.ts";
import type { Stage } from "../store/stage.ts";
import { Icon } from "./icon.tsx";

/** Whose store in the cloud this is, and what stands between the two. */
export function AccountBar({ stage, library }: { stage: Stage; library: Library }) {
  const { account } = library.session;
  if (account === undefined) return null;
  return (
    <>
      <p class="account">
        <Icon name="cloud" />
        <span class="clip">{account.email}</span>
        <span class="muted clip">{new URL(account.project.url).host}</span>
      </p>
      {/* Stands on the page from the start, so that screen readers hear what is put into it. */}
      <div role="alert">
        {account.ended.value ? (
          <div class="banner flat">
            <span>Your session has ended. What you see was read before, and nothing is saved.</span>
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
          !isOnline.value && (
            <div class="banner flat">
              No network. What you see was read before, and nothing is saved until it is back.
            </div>
          )
        )}
      </div>
    </>
  );
}
