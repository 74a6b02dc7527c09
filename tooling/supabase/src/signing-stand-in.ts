import { randomUUID } from "node:crypto";
import { type FaultyProxy, type ProxyAnswer, startFaultyProxy } from "./faulty-proxy.ts";
import type { EmbeddedSupabase } from "./start-supabase.ts";
import { userOf } from "./user-of.ts";

const SIGN = "/storage/v1/object/sign/";
/** What hosted projects take in one request. */
const MOST_PATHS = 1_000;
const TOO_MANY = `body/paths must NOT have more than ${MOST_PATHS} items`;

/**
 * Stands in for the part of Supabase's Storage that signs addresses, which the embedded server does not have: the embedded server
 * behind an address where `POST /object/sign/<bucket>` gives addresses of objects that the asking user may see, and where those
 * can be fetched without a token until their time is over.
 */
export async function startSigningStandIn(server: EmbeddedSupabase): Promise<FaultyProxy> {
  const given = new Map<string, { readonly bucket: string; readonly path: string; readonly until: number }>();

  async function sign(bucket: string, token: string, body: Buffer): Promise<ProxyAnswer> {
    const { expiresIn, paths } = JSON.parse(body.toString()) as { expiresIn: number; paths: string[] };
    if (paths.length > MOST_PATHS) return toAnswer(400, { statusCode: "400", error: "Error", message: TOO_MANY });
    const asked = [...new Set(paths)].map((path) => `'${quoted(path)}'`).join(", ");
    const named = `bucket_id = '${quoted(bucket)}' and name in (${asked})`;
    const rows = await server.sqlAs(userOf(token), `select name from storage.objects where ${named}`);
    const seen = new Set((rows as { name: string }[]).map(({ name }) => name));
    const answers: object[] = [];
    for (const path of paths) {
      if (!seen.has(path)) {
        answers.push({
          path,
          signedURL: null,
          error: "Either the object does not exist or you do not have access to it",
        });
        continue;
      }
      const id = randomUUID();
      given.set(id, { bucket, path, until: Date.now() + 1_000 * expiresIn });
      answers.push({ path, signedURL: `/object/sign/${bucket}/${path}?token=${id}`, error: null });
    }
    return toAnswer(200, answers);
  }

  async function fetchSigned(token: string | null): Promise<ProxyAnswer> {
    const signed = given.get(token ?? "");
    if (signed === undefined || signed.until <= Date.now()) return { status: 400, headers: {}, body: Buffer.alloc(0) };
    const { data } = await server.client(server.secretKey).storage.from(signed.bucket).download(signed.path);
    const body = data === null ? Buffer.alloc(0) : Buffer.from(await data.arrayBuffer());
    return { status: data === null ? 404 : 200, headers: { "content-type": "application/octet-stream" }, body };
  }

  return startFaultyProxy(server.url, {
    async answer({ method, url, headers }, body) {
      const { pathname, searchParams } = new URL(url ?? "/", server.url);
      if (!pathname.startsWith(SIGN)) return undefined;
      if (method === "GET") return fetchSigned(searchParams.get("token"));
      return sign(pathname.slice(SIGN.length), String(headers.authorization).replace("Bearer ", ""), body);
    },
  });
}

function toAnswer(status: number, value: unknown): ProxyAnswer {
  return { status, headers: { "content-type": "application/json" }, body: Buffer.from(JSON.stringify(value)) };
}

function quoted(text: string): string {
  return text.replaceAll("'", "''");
}
