import { statfsSync } from "node:fs";

/** `f_type` of file systems that other machines serve: NFS, SMB1, CIFS, SMB2, 9P, AFS, Ceph, Coda, NCP. */
const NETWORK_TYPES: ReadonlySet<number> = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997, 0x5346414f, 0x00c36400, 0x73757245, 0x564c,
]);

/** Whether a directory that is there is on another machine, as far as the platform tells: Linux by type, Windows by its path. */
export function isOnNetwork(directory: string): boolean {
  if (process.platform === "win32") return /^\\\\(?![?.]\\)/.test(directory);
  // The numbers are Linux's own.
  return process.platform === "linux" && NETWORK_TYPES.has(statfsSync(directory).type);
}
