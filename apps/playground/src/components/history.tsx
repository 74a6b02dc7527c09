import type { Difference, JsonValue, PreviousVersion } from "@holdfast/core";
import { useSignal } from "@preact/signals";
import type { Detail } from "../store/detail.ts";
import type { Library } from "../store/library.ts";
import { formatAgo, formatBytes, formatCount, formatTime } from "./format.ts";
import { Icon } from "./icon.tsx";

const DIFFERENCES_SHOWN = 20;

/** What stood under the key before, to compare and to bring back. */
export function History({ library, detail: { item, history } }: { library: Library; detail: Detail }) {
  return (
    <section aria-labelledby="history-title">
      <h3 id="history-title">History</h3>
      {history.length === 0 ? (
        <p class="muted">This is its first version. Earlier ones will be listed here once it changes.</p>
      ) : (
        <ol class="versions">
          {history.map((version) => (
            <Version key={version.version} library={library} version={version} standing={item.version} />
          ))}
        </ol>
      )}
    </section>
  );
}

interface VersionProps {
  library: Library;
  version: PreviousVersion;
  /** The version that stands. */
  standing: string;
}

function Version({ library, version, standing }: VersionProps) {
  const { storage } = library.session;
  const { key } = version;
  const differences = useSignal<{ readonly to: string; readonly all: readonly Difference[] } | undefined>(undefined);
  const open = differences.value?.to === standing;
  const when = formatTime(version.modified);
  const compare = () =>
    library.notices.attempt("Comparing", async () => {
      differences.value = open ? undefined : { to: standing, all: await storage.diff(key, version.version, standing) };
    });
  const restore = () =>
    library.notices.attempt("Restoring", async () => {
      await storage.restore(key, version.version, { ifVersion: standing });
      library.notices.done(`Restored the version of ${when}`);
    });
  return (
    <li>
      <div class="version">
        <Icon name="clock" />
        <p class="grow">
          <time dateTime={version.modified.toISOString()}>{when}</time>
          <small class="muted">
            {formatBytes(version.size)}, replaced {formatAgo(version.replaced)}
          </small>
        </p>
        {version.format !== "binary" && (
          <button
            type="button"
            class="button small quiet"
            aria-expanded={open}
            aria-label={`Compare the version of ${when} with this one`}
            onClick={compare}
          >
            Compare
          </button>
        )}
        <button type="button" class="button small" aria-label={`Restore the version of ${when}`} onClick={restore}>
          Restore
        </button>
      </div>
      {open && <Differences all={differences.value?.all ?? []} />}
    </li>
  );
}

function Differences({ all }: { all: readonly Difference[] }) {
  if (all.length === 0) return <p class="muted differences">The content is the same; tags or metadata changed.</p>;
  return (
    <ul class="differences">
      {all.slice(0, DIFFERENCES_SHOWN).map(({ path, type, before, after }) => (
        <li key={JSON.stringify(path)}>
          {path.length > 0 && <code class="path">{path.join(".")}</code>}
          {type !== "added" && (
            <del>
              <span class="visually-hidden">then </span>
              {shown(before)}
            </del>
          )}
          {type !== "removed" && (
            <ins>
              <span class="visually-hidden">now </span>
              {shown(after)}
            </ins>
          )}
        </li>
      ))}
      {all.length > DIFFERENCES_SHOWN && <li>and {formatCount(all.length - DIFFERENCES_SHOWN)} more</li>}
    </ul>
  );
}

function shown(value: JsonValue | undefined): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
