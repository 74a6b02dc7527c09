import { readlinkSync } from "node:fs";
import { type FileSystemPort, nodeFileSystem } from "@holdfast/filesystem/port";

/** What the adapter asked of the files, in order. Paths are those that the system sees. */
export interface Recording {
  /** Calls that change something, made on the thread of the adapter: `write /a/b 512`. */
  readonly calls: string[];
  /** Files that were brought to the medium by other threads, while so many of `calls` had been made. */
  readonly together: { readonly path: string; readonly from: number; to: number }[];
}

/** The real port, which writes down every call that changes something, once it has succeeded. */
export function recordingPort({ calls, together }: Recording): FileSystemPort {
  const paths = new Map<number, string>();
  const pathOf = (descriptor: number): string => paths.get(descriptor) ?? "?";
  const noting = <Arguments extends unknown[]>(
    call: (...given: Arguments) => void,
    tell: (...given: Arguments) => string,
  ) => {
    return (...given: Arguments): void => {
      // Before the call: a name may lead nowhere afterwards.
      const line = tell(...given);
      call(...given);
      calls.push(line);
    };
  };
  return {
    ...nodeFileSystem,
    openNew(path) {
      const line = real(path);
      const descriptor = nodeFileSystem.openNew(path);
      paths.set(descriptor, line);
      calls.push(`create ${line}`);
      return descriptor;
    },
    write(descriptor, bytes) {
      const written = nodeFileSystem.write(descriptor, bytes);
      calls.push(`write ${pathOf(descriptor)} ${written}`);
      return written;
    },
    async fsyncTogether(descriptors) {
      const begun = descriptors.map((descriptor) => ({
        path: pathOf(descriptor),
        from: calls.length,
        to: calls.length,
      }));
      together.push(...begun);
      const outcomes = await nodeFileSystem.fsyncTogether(descriptors);
      for (const each of begun) each.to = calls.length;
      return outcomes;
    },
    fsync: noting(nodeFileSystem.fsync, (descriptor) => `fsync ${pathOf(descriptor)}`),
    fsyncDirectory: noting(nodeFileSystem.fsyncDirectory, (path) => `fsync-directory ${real(path)}`),
    rename: noting(nodeFileSystem.rename, (from, to) => `rename ${real(from)} ${real(to)}`),
    link: noting(nodeFileSystem.link, (from, to) => `link ${real(from)} ${real(to)}`),
    unlink: noting(nodeFileSystem.unlink, (path) => `unlink ${real(path)}`),
    mkdir: noting(nodeFileSystem.mkdir, (path) => `mkdir ${real(path)}`),
    rmdir: noting(nodeFileSystem.rmdir, (path) => `rmdir ${real(path)}`),
  };
}

/** A held directory has a name that leads to it only in this process. */
function real(path: string): string {
  return path.replace(/^\/proc\/self\/fd\/\d+/, (held) => readlinkSync(held));
}
