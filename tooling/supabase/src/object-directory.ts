import { createHash } from "node:crypto";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { App } from "@supabase/lite";

type ObjectStore = NonNullable<App["_storageAdapter"]>;
type ObjectMetadata = Awaited<ReturnType<ObjectStore["headObject"]>>;

/** Keeps the objects of the embedded Storage as files, so that large ones take no memory of the process that serves them. */
export function objectDirectory(directory: string): ObjectStore {
  // By name alone: the server uploads without naming a version and asks for one afterwards.
  const pathOf = (bucket: string, key: string) =>
    join(
      directory,
      createHash("sha256")
        .update(JSON.stringify([bucket, key]))
        .digest("hex"),
    );
  const head = async (bucket: string, key: string): Promise<ObjectMetadata> => {
    const { size, mtime } = await stat(pathOf(bucket, key));
    return {
      cacheControl: "no-cache",
      contentLength: size,
      size,
      mimetype: "application/octet-stream",
      lastModified: mtime,
      eTag: `"${key}"`,
      httpStatusCode: 200,
    };
  };
  return {
    driver: undefined,
    async getObject(bucket, key) {
      const metadata = await head(bucket, key);
      return { metadata, httpStatusCode: 200, body: await readFile(pathOf(bucket, key)) };
    },
    async uploadObject(bucket, key, _version, body) {
      await mkdir(directory, { recursive: true });
      await writeFile(pathOf(bucket, key), body as Uint8Array);
      return head(bucket, key);
    },
    async deleteObject(bucket, key) {
      await rm(pathOf(bucket, key), { force: true });
    },
    async deleteObjects(bucket, keys) {
      // With the version behind a slash, or without.
      for (const key of keys) {
        for (const name of [key, key.slice(0, key.lastIndexOf("/"))]) await rm(pathOf(bucket, name), { force: true });
      }
    },
    copyObject: () => Promise.reject(new Error("the embedded server copies no objects")),
    headObject: head,
    privateAssetUrl: () => Promise.reject(new Error("the embedded server has no addresses for objects")),
  };
}
