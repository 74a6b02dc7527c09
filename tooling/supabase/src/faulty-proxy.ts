import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";

/** What happens to one request on its way. */
export type NetworkFault =
  /** The connection is dropped before the server has heard anything. */
  | { readonly fault: "drop" }
  /** The server has done its work, and the connection is dropped before the answer. */
  | { readonly fault: "lose" }
  /** The connection is dropped in the middle of the answer. */
  | { readonly fault: "cut" }
  /** The server hears it twice; the second answer is handed on. */
  | { readonly fault: "duplicate" }
  | { readonly fault: "delay"; readonly milliseconds: number }
  /** No answer ever comes, and the server hears nothing. */
  | { readonly fault: "hang" }
  /** Somebody in between answers, and the server hears nothing. */
  | { readonly fault: "answer"; readonly status: number; readonly headers?: Record<string, string> };

/** An HTTP proxy in front of one server that does wrong what it is told to. */
export interface FaultyProxy {
  readonly url: string;
  /** `POST /rest/v1/rpc/holdfast_write` and so on, one for each request that came. */
  readonly log: string[];
  /** The next requests whose path contains `path` meet these, one each, in order. */
  inject(path: string, ...faults: readonly NetworkFault[]): void;
  /** Forgets the faults that no request has met. */
  clear(): void;
  stop(): Promise<void>;
}

export interface ProxyAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export interface ProxyHooks {
  /** Answers in the server's place; undefined: the server answers. */
  answer?(request: IncomingMessage, body: Buffer): Promise<ProxyAnswer | undefined>;
  /** The server has answered a request of that path, and the client does not know it yet. */
  answered?(path: string): void;
  /** A client asks for another protocol. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

export async function startFaultyProxy(target: string, hooks: ProxyHooks = {}): Promise<FaultyProxy> {
  const log: string[] = [];
  const planned: { path: string; fault: NetworkFault }[] = [];
  const take = (path: string): NetworkFault | undefined => {
    const index = planned.findIndex((each) => path.includes(each.path));
    return index < 0 ? undefined : planned.splice(index, 1)[0]?.fault;
  };
  // A connection that is closed because it has been idle is no fault that somebody has asked for.
  const server = createServer({ keepAliveTimeout: 120_000 }, (incoming, outgoing) => {
    log.push(`${incoming.method} ${incoming.url}`);
    void serve(target, hooks, incoming, outgoing, take(incoming.url ?? "")).catch(() => outgoing.destroy());
  });
  const { upgrade } = hooks;
  if (upgrade !== undefined) server.on("upgrade", upgrade);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    inject(path, ...faults) {
      for (const fault of faults) planned.push({ path, fault });
    },
    clear() {
      planned.length = 0;
    },
    async stop() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function serve(
  target: string,
  hooks: ProxyHooks,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  fault: NetworkFault | undefined,
): Promise<void> {
  const body = await bytesOf(incoming);
  if (fault?.fault === "drop") return void outgoing.destroy();
  if (fault?.fault === "hang") return;
  if (fault?.fault === "answer") {
    outgoing.writeHead(fault.status, { "content-type": "application/json", ...fault.headers });
    return void outgoing.end(JSON.stringify({ message: `the proxy answers ${fault.status}` }));
  }
  if (fault?.fault === "delay") await new Promise((resolve) => setTimeout(resolve, fault.milliseconds));
  if (fault?.fault === "duplicate") await forward(target, incoming, body);
  const answer = (await hooks.answer?.(incoming, body)) ?? (await forward(target, incoming, body));
  hooks.answered?.(incoming.url ?? "");
  if (fault?.fault === "lose") return void outgoing.destroy();
  outgoing.writeHead(answer.status, { ...answer.headers, "content-length": answer.body.length });
  if (fault?.fault !== "cut") return void outgoing.end(answer.body);
  outgoing.write(answer.body.subarray(0, Math.floor(answer.body.length / 2)), () => outgoing.destroy());
}

function forward(target: string, { method, url, headers }: IncomingMessage, body: Buffer): Promise<ProxyAnswer> {
  return new Promise((resolve, reject) => {
    const { "transfer-encoding": _, connection: __, ...kept } = headers;
    const given = { ...kept, host: new URL(target).host, "content-length": String(body.length) };
    const forwarded = request(new URL(url ?? "/", target), { method, headers: given, agent: false }, (answer) => {
      const { "transfer-encoding": ___, connection: ____, ...others } = answer.headers;
      bytesOf(answer).then(
        (bytes) => resolve({ status: answer.statusCode ?? 502, headers: others, body: bytes }),
        reject,
      );
    });
    forwarded.on("error", reject);
    forwarded.end(body);
  });
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
