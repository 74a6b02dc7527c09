import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { type FaultyProxy, startFaultyProxy } from "./faulty-proxy.ts";
import type { EmbeddedSupabase } from "./start-supabase.ts";
import { userOf } from "./user-of.ts";

/**
 * Stands in for Supabase's Realtime, which the embedded server does not have: the embedded server behind an address that also
 * speaks the Phoenix channel protocol, as far as changes of `holdfast.stores` go. It tells a channel of a change when the table is
 * in the publication and row-level security lets the channel's user see the row, as Realtime does.
 */
export interface RealtimeStandIn extends FaultyProxy {
  /** Ids of stores whose change a channel was told of. */
  readonly told: string[];
  /** Whether connections are taken. */
  open: boolean;
  /** Whether changes are told; otherwise they are lost. */
  telling: boolean;
  /** How many channels there are. */
  channels(): number;
  /** Cuts every connection. */
  disconnect(): void;
  /** Resolves when every change so far has been told to those who may hear of it. Rejects with what went wrong since the last time. */
  settled(): Promise<void>;
}

/** Version 2.0.0 of the protocol: https://hexdocs.pm/phoenix/writing_a_channels_client.html */
type Message = [joinRef: string | null, ref: string | null, topic: string, event: string, payload: unknown];

interface Channel {
  readonly socket: WebSocket;
  readonly topic: string;
  readonly joinRef: string | null;
  /** Of the store that is listened for. */
  readonly store: string;
  user: string | null;
}

interface JoinPayload {
  readonly config?: { readonly postgres_changes?: readonly { readonly filter?: string }[] };
  readonly access_token?: string;
}

const PUBLISHED = `select 1 from pg_publication_tables
  where pubname = 'supabase_realtime' and schemaname = 'holdfast' and tablename = 'stores'`;
const SEQS = `select id::text as id, seq::text as seq, exists (${PUBLISHED}) as published from holdfast.stores`;
const BINDING = 1;

export async function startRealtimeStandIn(server: EmbeddedSupabase): Promise<RealtimeStandIn> {
  const sockets = new WebSocketServer({ noServer: true });
  const channels = new Set<Channel>();
  const told: string[] = [];
  const seqs = new Map<string, string>();
  const failures: unknown[] = [];
  let turn: Promise<void> = Promise.resolve();
  let stopped = false;

  /** One after the other, so that who leaves has joined. What goes wrong holds up nothing, and is told by `settled`. */
  const inTurn = (work: () => Promise<void>) => {
    turn = turn.then(() => (stopped ? undefined : work())).catch((error: unknown) => void failures.push(error));
  };

  const say = ({ socket, joinRef, topic }: Channel, event: string, payload: unknown, ref: string | null = null) =>
    socket.send(JSON.stringify([joinRef, ref, topic, event, payload] satisfies Message));

  async function join(socket: WebSocket, [joinRef, ref, topic, , payload]: Message): Promise<void> {
    const { config, access_token } = payload as JoinPayload;
    const asked = config?.postgres_changes ?? [];
    const store = /^id=eq\.(\d+)$/.exec(asked[0]?.filter ?? "")?.[1] ?? "";
    const channel: Channel = { socket, topic, joinRef, store, user: userOf(access_token) };
    const bindings = asked.map((each) => ({ ...each, id: BINDING }));
    say(channel, "phx_reply", { status: "ok", response: { postgres_changes: bindings } }, ref);
    const isPublished = (await server.sql(PUBLISHED)).length > 0;
    // One that has closed meanwhile would never leave.
    if (isPublished && socket.readyState === socket.OPEN) channels.add(channel);
    const status = isPublished ? "ok" : "error";
    say(channel, "system", { channel: topic, extension: "postgres_changes", status, message: status });
  }

  async function hear(socket: WebSocket, message: Message): Promise<void> {
    const [joinRef, ref, topic, event, payload] = message;
    if (event === "phx_join") return join(socket, message);
    const channel = [...channels].find((each) => each.socket === socket && each.topic === topic);
    if (event === "access_token" && channel !== undefined) channel.user = userOf((payload as JoinPayload).access_token);
    if (event === "phx_leave" && channel !== undefined) channels.delete(channel);
    if (event === "heartbeat" || event === "phx_leave") {
      socket.send(JSON.stringify([joinRef, ref, topic, "phx_reply", { status: "ok", response: {} }] satisfies Message));
    }
  }

  /** Tells of the stores that have been written to since the last time. */
  async function tellChanges(telling: boolean): Promise<void> {
    const rows = (await server.sql(SEQS)) as Row[];
    for (const { id, seq, published } of rows) {
      if (seqs.get(id) === seq) continue;
      seqs.set(id, seq);
      for (const channel of telling && published ? channels : []) {
        if (channel.store !== id || !(await maySee(server, channel))) continue;
        told.push(id);
        const record = { id: Number(id), seq: Number(seq) };
        say(channel, "postgres_changes", {
          ids: [BINDING],
          data: { ...CHANGE, record, old_record: { id: record.id } },
        });
      }
    }
  }

  async function settled(): Promise<void> {
    await turn;
    const [failure] = failures.splice(0);
    if (failure !== undefined) throw failure;
  }

  const proxy = await startFaultyProxy(server.url, {
    answered(path) {
      if (!path.endsWith("/rpc/holdfast_write")) return;
      const { telling } = standIn;
      inTurn(() => tellChanges(telling));
    },
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer) {
      if (!standIn.open || !request.url?.startsWith("/realtime/v1/websocket")) return void socket.destroy();
      sockets.handleUpgrade(request, socket, head, (opened) => {
        opened.on("message", (data) => inTurn(() => hear(opened, JSON.parse(String(data)) as Message)));
        opened.on("close", () => {
          for (const channel of channels) if (channel.socket === opened) channels.delete(channel);
        });
      });
    },
  });
  const standIn: RealtimeStandIn = {
    ...proxy,
    told,
    open: true,
    telling: true,
    channels: () => channels.size,
    disconnect() {
      for (const socket of sockets.clients) socket.terminate();
    },
    settled,
    async stop() {
      stopped = true;
      for (const socket of sockets.clients) socket.terminate();
      await proxy.stop();
      await settled();
    },
  };
  return standIn;
}

interface Row {
  readonly id: string;
  readonly seq: string;
  /** Whether its table is in the publication. */
  readonly published: boolean;
}

const CHANGE = {
  schema: "holdfast",
  table: "stores",
  type: "UPDATE",
  commit_timestamp: "2026-01-01T00:00:00Z",
  columns: [
    { name: "id", type: "int8" },
    { name: "seq", type: "int8" },
  ],
  errors: null,
};

async function maySee(server: EmbeddedSupabase, { store, user }: Channel): Promise<boolean> {
  return (await server.sqlAs(user, `select 1 from holdfast.stores where id = ${store}`)).length > 0;
}
