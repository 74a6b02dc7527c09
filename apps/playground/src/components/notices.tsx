import type { Library } from "../store/library.ts";
import type { Notice } from "../store/notices.ts";
import { Icon } from "./icon.tsx";

/** Both regions stand on the page from the start, so that screen readers hear what is put into them. */
export function NoticeList({ library }: { library: Library }) {
  const all = library.notices.all.value;
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
    <div class={`notice ${kind}`}>
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
