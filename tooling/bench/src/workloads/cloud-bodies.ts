import { createHash, randomBytes } from "node:crypto";
import {
  byHandFacts,
  type CloudProject,
  cloudFacts,
  openCloudProject,
  type Parameters,
  requireDone,
} from "../contenders/cloud-project.ts";
import { documentsFrom } from "../data/documents.ts";
import type { Workload } from "../harness/workload.ts";

const BODY = 2 ** 20;
const OPERATIONS = 4;

export const cloudBody: Workload<number> = {
  id: "cloud-body",
  title: "Cloud: save and load 1 MB",
  description:
    "Saves a new body of 1 MiB that cannot be compressed and loads it. Saving takes three requests (stage, upload, write), loading two.",
  unit: "save and load",
  operations: OPERATIONS,
  rounds: 30,
  warmups: 6,
  populations: [],
  input: (round) => round * OPERATIONS,
  results: () => OPERATIONS * BODY,
  async open() {
    const project = await openCloudProject(0);
    const { storage } = project;
    return [
      {
        ...cloudFacts,
        note: "hashes the body twice: its checksum, and the name of its object, by which equal ones are stored once",
        prepare(first) {
          const bodies = newBodies(first);
          return async () => {
            let loaded = 0;
            for (const [key, body] of bodies) {
              await storage.save(key, body);
              loaded += (await storage.load<Uint8Array>(key))?.length ?? 0;
            }
            return loaded;
          };
        },
        close: () => project.stop(),
      },
      {
        ...byHandFacts,
        note: "`holdfast_stage`, `upload`, `holdfast_write`, `holdfast_get` and `download`, with SHA-256 by node:crypto of what is sent and of what comes; terms and version are given",
        async prepare(first) {
          const bodies = newBodies(first);
          const [template = {}] = await project.writesOf(documentsFrom(first, 1));
          return async () => {
            let loaded = 0;
            for (const [key, body] of bodies) {
              await saveByHand(project, template, `by-hand/${key}`, body);
              loaded += (await loadByHand(project, `by-hand/${key}`)).length;
            }
            return loaded;
          };
        },
        close: () => undefined,
      },
    ];
  },
};

/** Unlike each other and any before, made before the time is taken. */
function newBodies(first: number): [key: string, body: Buffer][] {
  return Array.from({ length: OPERATIONS }, (_, index) => [`bodies/${first + index}`, randomBytes(BODY)]);
}

async function saveByHand(
  { client, store }: CloudProject,
  template: Parameters,
  key: string,
  body: Buffer,
): Promise<void> {
  const sha256 = hashOf(body);
  const { data } = await client.auth.getSession();
  const name = `${data.session?.user.id}/${sha256}/${randomBytes(16).toString("hex")}`;
  const parts = [{ sha256, size: body.length, name }];
  const [staged] = (await requireDone(client.rpc("holdfast_stage", { p_store: store, p_parts: parts }))) as {
    id: string;
  }[];
  const options = { contentType: "application/octet-stream", upsert: false };
  await requireDone(client.storage.from("holdfast").upload(name, body, options));
  const [write] = template["p_writes"] as Parameters[];
  const { body: _, ...others } = write ?? {};
  const sizes = { size: body.length, storedSize: body.length };
  const header = { ...JSON.parse(String(others["header"])), key, ...sizes, format: "binary", checksum: sha256 };
  const text = JSON.stringify(header);
  const written = { ...others, key, header: text, size: body.length, stored: body.length, parts: [staged?.id] };
  await requireDone(client.rpc("holdfast_write", { ...template, p_writes: [written] }));
}

async function loadByHand({ client, store }: CloudProject, key: string): Promise<Buffer> {
  const asked = { p_store: store, p_key: key, p_now: Date.now(), p_version: null };
  const { parts } = (await requireDone(client.rpc("holdfast_get", asked))) as { parts: { name: string }[] };
  const [part] = parts;
  const blob = await requireDone(client.storage.from("holdfast").download(part?.name ?? ""));
  const body = Buffer.from(await blob.arrayBuffer());
  if (hashOf(body) !== part?.name.split("/")[1]) throw new Error("damaged");
  return body;
}

function hashOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
