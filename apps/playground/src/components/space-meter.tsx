import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Library } from "../store/library.ts";
import { countOf, formatBytes } from "./format.ts";
import { Icon } from "./icon.tsx";
import { useFocusKept } from "./use-focus-kept.ts";

/** What the store takes; of this browser's, what it gives and whether it has promised to keep it. */
export function SpaceMeter({ library }: { library: Library }) {
  return library.session.account === undefined ? (
    <SpaceInBrowser library={library} />
  ) : (
    <SpaceInCloud library={library} />
  );
}

function SpaceInCloud({ library }: { library: Library }) {
  const info = library.info.value;
  if (info === undefined) return null;
  return (
    <section class="space" aria-labelledby="space-title">
      <h2 id="space-title">Storage</h2>
      <p class="space-figures">
        <strong>{formatBytes(info.bytes)}</strong> in {countOf(info.items, "item")}
      </p>
      <p class="muted">Kept by the project, on every device on which you sign in.</p>
    </section>
  );
}

function SpaceInBrowser({ library }: { library: Library }) {
  const refused = useSignal(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useFocusKept(heading);
  const info = library.info.value;
  if (info === undefined) return null;
  const usage = Number(info.details["usage"] ?? 0);
  const quota = Number(info.details["quota"] ?? 0);
  const part = quota === 0 ? 0 : usage / quota;
  const persist = () =>
    library.notices.attempt("Asking the browser", async () => {
      refused.value = !(await navigator.storage.persist());
      await library.lookAtSpace();
    });
  return (
    <section class="space" aria-labelledby="space-title">
      <h2 id="space-title" ref={heading} tabIndex={-1}>
        Storage
      </h2>
      <p class="space-figures">
        <strong>{formatBytes(usage)}</strong> of {formatBytes(quota)}
      </p>
      <meter class="visually-hidden" aria-label="Storage used" min={0} max={quota} value={usage}>
        {formatBytes(usage)}
      </meter>
      <div class="meter" aria-hidden="true">
        {/* Never so little that it cannot be seen. */}
        <span style={{ inlineSize: `${Math.max(part * 100, usage > 0 ? 1.5 : 0)}%` }} />
      </div>
      <p class="muted">
        {countOf(info.items, "item")}, {formatBytes(info.bytes)} of content
      </p>
      {info.details["persisted"] === true ? (
        <p class="kept">
          <Icon name="shield" /> Kept, also when the disk is full
        </p>
      ) : (
        <>
          <button type="button" class="button small" onClick={persist}>
            <Icon name="shield" /> Keep this data
          </button>
          <p class="muted" role="status">
            {refused.value
              ? "The browser does not promise it yet. It does so for sites that are used often or installed."
              : "Until then the browser may drop it when the disk is full."}
          </p>
        </>
      )}
    </section>
  );
}
