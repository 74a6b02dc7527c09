import { useEffect, useMemo } from "preact/hooks";
import { toBase64 } from "../archive/base64.ts";
import type { Detail } from "../store/detail.ts";
import { download } from "./download.ts";
import { formatBytes, formatCount, mediaTypeOf, titleOf } from "./format.ts";
import { Icon } from "./icon.tsx";

// More than anybody reads, and as much as a browser lays out at once.
const SHOWN = 20_000;
const BITMAPS: ReadonlySet<string> = new Set(
  ["avif", "bmp", "gif", "jpeg", "png", "webp"].map((name) => `image/${name}`),
);

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
  const type = mediaTypeOf(item) ?? "";
  const save = () => {
    // Not by the item's own type: a browser that opens it must not take it for a page of this app's.
    const file = new Blob([new Uint8Array(bytes)], { type: "application/octet-stream" });
    download(file, item.key.slice(item.key.lastIndexOf("/") + 1));
  };
  return (
    <section aria-label="Content" class="bytes">
      {type.startsWith("image/") && <Picture bytes={bytes} type={type} title={titleOf(item)} />}
      <button type="button" class="button small" onClick={save}>
        <Icon name="download" /> Download {formatBytes(bytes.length)}
      </button>
    </section>
  );
}

/** In an <img>, where an SVG runs no script. */
function Picture({ bytes, type, title }: { bytes: Uint8Array; type: string; title: string }) {
  const address = useMemo(() => addressOfPicture(bytes, type), [bytes, type]);
  useEffect(() => () => URL.revokeObjectURL(address), [address]);
  return <img class="picture" src={address} alt={title} />;
}

/** Opened in a tab of its own, what may hold a script runs it there: with a data URL it is of no origin, and has no part of this one's. */
function addressOfPicture(bytes: Uint8Array, type: string): string {
  if (BITMAPS.has(type)) return URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type }));
  return `data:${type};base64,${toBase64(bytes)}`;
}
