import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";
import type { Library } from "../store/library.ts";
import type { Notice } from "../store/notices.ts";
import { Icon } from "./icon.tsx";
import { useFocusKept } from "./use-focus-kept.ts";

/**
 * Both regions stand on the page, and empty, before anything is put into them: only that is heard by screen readers. `after` gets the
 * focus of a notice that goes.
 */
export function NoticeList({ library, after }: { library: Library; after: RefObject<HTMLElement | null> }) {
  const stands = useSignal(false);
  useEffect(() => {
    stands.value = true;
  }, [stands]);
  useFocusKept(after);
  const all = stands.value ? library.notices.all.value : [];
  return (
    <div class="notices">
      <div role="status">
        {all
          .filter(({ kind }) => kind === "done")
          .map((notice) => (
            <NoticeBox key={notice.id} library={library} notice={notice} />
          ))}
      </div>
      <div role="alert">
        {all
          .filter(({ kind }) => kind === "failed")
          .map((notice) => (
            <NoticeBox key={notice.id} library={library} notice={notice} />
          ))}
      </div>
    </div>
  );
}

function NoticeBox({ library, notice: { id, kind, text, action } }: { library: Library; notice: Notice }) {
  return (
    <div
      class={`notice ${kind}`}
      onFocusIn={() => library.notices.hold(id)}
      onFocusOut={() => library.notices.release(id)}
    >
      <p class="grow">{text}</p>
      {action !== undefined && (
        <button
          type="button"
          class="button small"
          onClick={() => {
            library.notices.dismiss(id);
            action.run();
          }}
        >
          {action.label}
        </button>
      )}
      <button
        type="button"
        class="button small quiet square"
        aria-label="Dismiss"
        onClick={() => library.notices.dismiss(id)}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}
