import { useRef } from "preact/hooks";
import { readArchive } from "../archive/read-archive.ts";
import { writeArchive } from "../archive/write-archive.ts";
import { importCorpus } from "../store/corpus.ts";
import { deleteEverything } from "../store/delete-everything.ts";
import type { Library } from "../store/library.ts";
import type { Stage } from "../store/stage.ts";
import { download } from "./download.ts";
import { countOf } from "./format.ts";
import { Icon, type IconName } from "./icon.tsx";

/** What is done with the whole store. */
export function DataMenu({ stage, library }: { stage: Stage; library: Library }) {
  const { account } = library.session;
  const menu = useRef<HTMLDivElement>(null);
  const file = useRef<HTMLInputElement>(null);
  const confirmation = useRef<HTMLDialogElement>(null);
  const busy = library.task.progress.value !== undefined;
  const items = library.overview.value?.items ?? 0;
  const choose = (work: () => void) => () => {
    menu.current?.hidePopover();
    work();
  };
  return (
    <>
      <button type="button" class="button quiet square" popovertarget="data-menu" aria-label="Data" title="Data">
        <Icon name="more" />
      </button>
      <div ref={menu} id="data-menu" class="menu" popover="auto">
        <MenuButton icon="globe" label="Load sample data" disabled={busy} onClick={choose(() => loadSample(library))}>
          750 files about the countries of the world
        </MenuButton>
        <MenuButton
          icon="download"
          label="Export everything"
          disabled={busy || items === 0}
          onClick={choose(() => exportAll(library))}
        >
          one file, with dates, tags and metadata
        </MenuButton>
        <MenuButton icon="upload" label="Import a file" disabled={busy} onClick={choose(() => file.current?.click())}>
          that was exported here
        </MenuButton>
        <hr />
        {account === undefined ? (
          <MenuButton
            icon="cloud"
            label="Store in the cloud"
            disabled={busy}
            onClick={choose(() => {
              stage.asking.value = true;
            })}
          >
            in a Supabase project, on all your devices
          </MenuButton>
        ) : (
          <MenuButton
            icon="cloud"
            label="Sign out"
            disabled={busy}
            onClick={choose(() => void library.notices.attempt("Signing out", () => stage.signOut()))}
          >
            back to the store in this browser
          </MenuButton>
        )}
        <hr />
        <MenuButton
          icon="trash"
          label="Delete everything"
          disabled={busy || items === 0}
          onClick={choose(() => confirmation.current?.showModal())}
        >
          {countOf(items, "item")}
        </MenuButton>
      </div>
      <input
        ref={file}
        class="visually-hidden"
        type="file"
        tabIndex={-1}
        aria-label="File to import"
        accept=".jsonl,application/jsonl"
        onChange={({ currentTarget }) => {
          const [chosen] = currentTarget.files ?? [];
          if (chosen !== undefined) importFile(library, chosen);
          // So that the same file may be chosen again.
          currentTarget.value = "";
        }}
      />
      <dialog ref={confirmation} class="confirmation" aria-labelledby="delete-title">
        <form method="dialog">
          <h2 id="delete-title">Delete {countOf(items, "item")}?</h2>
          <p>
            They go from {account === undefined ? "this browser" : "the project, for all your devices"}, with their
            history.
          </p>
          <div class="row end">
            <button type="submit" class="button">
              Keep them
            </button>
            <button type="submit" class="button danger" onClick={() => deleteAll(library)}>
              Delete everything
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}

interface MenuButtonProps {
  icon: IconName;
  label: string;
  disabled: boolean;
  onClick: () => void;
  children: string;
}

function MenuButton({ icon, label, disabled, onClick, children }: MenuButtonProps) {
  return (
    <button type="button" class="menu-item" disabled={disabled} onClick={onClick}>
      <Icon name={icon} />
      <span>
        {label}
        <small>{children}</small>
      </span>
    </button>
  );
}

export function loadSample({ task, session }: Library): void {
  void task.run("Loading sample data", async (tools) => {
    return `${countOf(await importCorpus(session.storage, tools), "item")} loaded`;
  });
}

function exportAll({ task, session }: Library): void {
  void task.run("Exporting", async (tools) => {
    const { items, file } = await writeArchive(session.storage, tools);
    download(file, `holdfast-${new Date().toISOString().slice(0, 10)}.jsonl`);
    return `${countOf(items, "item")} exported`;
  });
}

function importFile({ task, session }: Library, file: Blob): void {
  void task.run("Importing", async (tools) => {
    const { copied, unchanged } = await readArchive(session.storage, file, tools);
    return unchanged === 0
      ? `${countOf(copied, "item")} imported`
      : `${countOf(copied, "item")} imported, ${countOf(unchanged, "item")} already there`;
  });
}

function deleteAll(library: Library): void {
  const { task, session } = library;
  void task.run("Deleting", async (tools) => {
    const items = await deleteEverything(session.storage, tools);
    // Nobody writes when history goes.
    await library.lookAtSpace();
    return `${countOf(items, "item")} deleted`;
  });
}
