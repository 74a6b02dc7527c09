import type { StorageItem } from "@holdfast/core";
import { useSignal } from "@preact/signals";
import type { Library } from "../store/library.ts";
import { formatCount } from "./format.ts";
import { Icon } from "./icon.tsx";

const TAGS_AT_FIRST = 12;

/** Narrows the list by folder and by tags. */
export function Filters({ library }: { library: Library }) {
  const { folder } = library.filter.value;
  const overview = library.overview.value;
  return (
    <div class="filters">
      <fieldset>
        <legend>Folders</legend>
        <ul class="choices">
          <Folder library={library} folder="" label="All items" count={overview?.items ?? 0} chosen={folder === ""} />
          {[...(overview?.folders ?? [])].map(([name, count]) => (
            <Folder key={name} library={library} folder={name} label={name} count={count} chosen={folder === name} />
          ))}
        </ul>
      </fieldset>
      <Tags library={library} />
    </div>
  );
}

interface FolderProps {
  library: Library;
  folder: string;
  label: string;
  count: number;
  chosen: boolean;
}

function Folder({ library, folder, label, count, chosen }: FolderProps) {
  return (
    <li>
      <button type="button" class="choice" aria-pressed={chosen} onClick={() => library.narrow({ folder })}>
        <Icon name="folder" />
        <span class="clip">{label}</span>
        <span class="count">{formatCount(count)}</span>
      </button>
    </li>
  );
}

function Tags({ library }: { library: Library }) {
  const all = useSignal(false);
  const { tags: chosen } = library.filter.value;
  const counts = countTags(library.found.value ?? []);
  const others = [...counts]
    .filter(([tag]) => !chosen.includes(tag))
    .sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
  if (chosen.length === 0 && others.length === 0) return null;
  const shown = all.value ? others : others.slice(0, TAGS_AT_FIRST);
  return (
    <fieldset>
      <legend>Tags</legend>
      <div class="chips">
        {[...chosen.map((tag): [string, number] => [tag, counts.get(tag) ?? 0]), ...shown].map(([tag, count]) => (
          <button
            key={tag}
            type="button"
            class="chip"
            aria-pressed={chosen.includes(tag)}
            onClick={() => library.toggleTag(tag)}
          >
            {tag} <span class="count">{formatCount(count)}</span>
          </button>
        ))}
      </div>
      {others.length > TAGS_AT_FIRST && (
        <button
          type="button"
          class="link"
          aria-expanded={all.value}
          onClick={() => {
            all.value = !all.value;
          }}
        >
          {all.value ? "Fewer tags" : `${formatCount(others.length - TAGS_AT_FIRST)} more tags`}
        </button>
      )}
    </fieldset>
  );
}

function countTags(items: readonly StorageItem[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { tags } of items) {
    for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  }
  return counts;
}
