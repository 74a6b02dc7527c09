import { useEffect, useMemo } from "preact/hooks";
import type { Detail } from "../store/detail.ts";
import { download } from "./download.ts";
import { formatBytes, formatCount, mediaTypeOf, titleOf } from "./format.ts";
import { Icon } from "./icon.tsx";

// More than anybody reads, and as much as a browser lays out at once.
const SHOWN = 20_000;

/** The data of an item: text and JSON as they are, pictures as pictures. */
export function Content({ detail }: { detail: Detail }) {
  const { data } = detail;
  if (data instanceof Uint8Array) return <Bytes detail={detail} bytes={data} />;
  const text = typeof data === "string" ? data : JSON.stringify(data, null, 2);
  return (
    <section aria-label="Content">
      {text === "" ? (
        <p class="muted">The text is empty.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of keys
        <pre class={typeof data === "string" ? "content prose" : "content"} tabIndex={0}>
          {text.slice(0, SHOWN)}
        </pre>
      )}
      {text.length > SHOWN && (
        <p class="muted">
          The first {formatCount(SHOWN)} of {formatCount(text.length)} characters.
        </p>
      )}
    </section>
  );
}

function Bytes({ detail: { item }, bytes }: { detail: Detail; bytes: Uint8Array }) {
  const type = mediaTypeOf(item) ?? "application/octet-stream";
  const file = useMemo(() => new Blob([new Uint8Array(bytes)], { type }), [bytes, type]);
  return (
    <section aria-label="Content" class="bytes">
      {type.startsWith("image/") && <Picture file={file} title={titleOf(item)} />}
      <button
        type="button"
        class="button small"
        onClick={() => download(file, item.key.slice(item.key.lastIndexOf("/") + 1))}
      >
        <Icon name="download" /> Download {formatBytes(bytes.length)}
      </button>
    </section>
  );
}

/** In an <img>, where an SVG runs no script. */
function Picture({ file, title }: { file: Blob; title: string }) {
  const address = useMemo(() => URL.createObjectURL(file), [file]);
  useEffect(() => () => URL.revokeObjectURL(address), [address]);
  return <img class="picture" src={address} alt={title} />;
}
