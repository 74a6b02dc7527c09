/** One call that a process made on a file, and that succeeded. */
export interface SystemCall {
  /** As the port's recording would have it: `write /a/b 512`. */
  readonly text: string;
  readonly paths: readonly string[];
  readonly thread: string;
  /** Lines of the trace at which it began and ended. */
  readonly begun: number;
  readonly ended: number;
}

/** The calls that change files, by strace's names, and what they are to the port. Any other that is traced is one beside it. */
const NAMES: Readonly<Record<string, string>> = {
  rename: "rename",
  renameat: "rename",
  renameat2: "rename",
  link: "link",
  linkat: "link",
  unlink: "unlink",
  unlinkat: "unlink",
  mkdir: "mkdir",
  mkdirat: "mkdir",
  rmdir: "rmdir",
  write: "write",
  fsync: "fsync",
};

/** What strace has to look for: everything that can change a file. */
export const TRACED: string = [
  ...Object.keys(NAMES),
  "open,openat,openat2,creat,fdatasync,pwrite64,writev,pwritev,pwritev2,truncate,ftruncate,fallocate",
  "sync_file_range,copy_file_range,sendfile,splice,symlink,symlinkat,chmod,fchmod,fchmodat,utimensat,io_uring_enter",
].join(",");

const DESCRIPTOR = /^\d+<(.*?)>(?:\(deleted\))?(?:, |$)/;
const STRING = /"((?:[^"\\]|\\.)*)"/g;

/** Reads the output of `strace -f -y`: one line a call, or two where another thread came between. */
export function readTrace(text: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const unfinished = new Map<string, { begun: number; text: string }>();
  const descriptors = new Map<string, { path: string; isDirectory: boolean }>();
  for (const [number, line] of text.split("\n").entries()) {
    const [, thread = "", rest = ""] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (rest.endsWith("<unfinished ...>")) {
      unfinished.set(thread, { begun: number, text: rest.slice(0, -"<unfinished ...>".length) });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const start = resumed === null ? { begun: number, text: "" } : unfinished.get(thread);
    const whole = /^(\w+)\((.*)\)\s+= (-?\d+)(?:<(.*)>)?/.exec(`${start?.text ?? ""}${resumed?.[1] ?? rest}`);
    if (start === undefined || whole === null) continue;
    const [, name = "", , result = "", opened] = whole;
    const given = whole[2]?.trimEnd() ?? "";
    if (result.startsWith("-")) continue;
    const strings = Array.from(given.matchAll(STRING), ([, path = ""]) => resolve(plain(path), descriptors));
    const call = { thread, begun: start.begun, ended: number };
    if (/^open/.test(name) || name === "creat") {
      const path = opened === undefined ? (strings[0] ?? "") : plain(opened);
      descriptors.set(result, { path, isDirectory: given.includes("O_DIRECTORY") });
      if (/O_CREAT/.test(given)) calls.push({ ...call, text: `create ${path}`, paths: [path] });
      continue;
    }
    const known = given.includes("AT_REMOVEDIR") ? "rmdir" : NAMES[name];
    if (strings.length > 0 && DESCRIPTOR.exec(given) === null) {
      calls.push({ ...call, text: `${known ?? name} ${strings.join(" ")}`, paths: strings });
      continue;
    }
    const path = plain(DESCRIPTOR.exec(given)?.[1] ?? "");
    const open = descriptors.get(/^\d+/.exec(given)?.[0] ?? "");
    const isDirectory = name === "fsync" && open?.path === path && open.isDirectory;
    const tail = name === "write" ? ` ${result}` : "";
    calls.push({ ...call, text: `${isDirectory ? "fsync-directory" : (known ?? name)} ${path}${tail}`, paths: [path] });
  }
  return calls;
}

function resolve(path: string, descriptors: ReadonlyMap<string, { readonly path: string }>): string {
  return path.replace(
    /^\/proc\/self\/fd\/(\d+)/,
    (held, descriptor: string) => descriptors.get(descriptor)?.path ?? held,
  );
}

/** strace writes bytes that are no printable ASCII as octal numbers. */
function plain(text: string): string {
  const latin = text.replace(/\\([0-7]{1,3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return Buffer.from(latin.replace(/\\(.)/g, "$1"), "latin1").toString("utf8");
}
