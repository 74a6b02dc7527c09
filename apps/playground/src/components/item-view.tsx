import { useEffect, useRef } from "preact/hooks";
import { bringBack, type Detail } from "../store/detail.ts";
import type { Library } from "../store/library.ts";
import { go, goLater } from "../store/place.ts";
import { Content } from "./content.tsx";
import { formatBytes, formatTime, mediaTypeOf, titleOf } from "./format.ts";
import { History } from "./history.tsx";
import { Icon } from "./icon.tsx";

interface ItemViewProps {
  library: Library;
  detail: Detail;
  onEdit: () => void;
}

export function ItemView({ library, detail, onEdit }: ItemViewProps) {
  const { item } = detail;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus();
  }, []);
  return (
    <article class="item-view" aria-labelledby="item-title">
      <header class="pane-head">
        <BackLink />
        <div class="grow">
          <h2 id="item-title" ref={heading} tabIndex={-1}>
            {titleOf(item)}
          </h2>
          <p class="item-key">{item.key}</p>
        </div>
        <div class="row">
          <button type="button" class="button" onClick={onEdit}>
            <Icon name="edit" /> {library.drafts.unsaved.value.includes(item.key) ? "Go on editing" : "Edit"}
          </button>
          <button
            type="button"
            class="button quiet square"
            aria-label="Delete"
            title="Delete"
            onClick={() => deleteItem(library, detail)}
          >
            <Icon name="trash" />
          </button>
        </div>
      </header>
      {item.tags.length > 0 && (
        <ul class="chips" aria-label="Tags">
          {item.tags.map((tag) => (
            <li key={tag}>
              <button
                type="button"
                class="chip"
                aria-pressed={library.filter.value.tags.includes(tag)}
                title={`Filter by ${tag}`}
                onClick={() => library.toggleTag(tag)}
              >
                {tag}
              </button>
            </li>
          ))}
        </ul>
      )}
      <Content detail={detail} />
      <Facts detail={detail} />
      <History library={library} detail={detail} />
    </article>
  );
}

export function BackLink() {
  return (
    <button
      type="button"
      class="button quiet square back"
      aria-label="Back to the list"
      onClick={() => go({ at: "list" })}
    >
      <Icon name="back" />
    </button>
  );
}

function Facts({ detail: { item } }: { detail: Detail }) {
  const metadata = Object.entries(item.metadata);
  return (
    <section aria-labelledby="facts-title">
      <h3 id="facts-title">About it</h3>
      <dl class="facts">
        <Fact name="Stored as">
          {[item.format, mediaTypeOf(item), item.compressed ? "gzip" : undefined].filter(Boolean).join(", ")}
        </Fact>
        <Fact name="Size">{formatBytes(item.size)}</Fact>
        <Fact name="Created">{formatTime(item.created)}</Fact>
        <Fact name="Changed">{formatTime(item.modified)}</Fact>
        <Fact name="SHA-256" code>
          {item.checksum}
        </Fact>
        {metadata.map(([name, value]) => (
          <Fact key={name} name={name} code={typeof value !== "string"}>
            {typeof value === "string" ? value : JSON.stringify(value)}
          </Fact>
        ))}
      </dl>
    </section>
  );
}

function Fact({ name, code = false, children }: { name: string; code?: boolean; children: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{code ? <code>{children}</code> : children}</dd>
    </div>
  );
}

function deleteItem(library: Library, detail: Detail): void {
  const { item } = detail;
  const { storage } = library.session;
  const leave = goLater({ at: "list" });
  void library.notices.attempt("Deleting", async () => {
    await storage.delete(item.key, { ifVersion: item.version });
    leave();
    library.notices.done(`${titleOf(item)} was deleted`, {
      label: "Undo",
      run: () => {
        const comeBack = goLater({ at: "item", key: item.key });
        void library.notices.attempt("Bringing it back", async () => {
          await bringBack(storage, detail);
          comeBack();
        });
      },
    });
  });
}
