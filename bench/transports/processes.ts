/** Pipe, Unix socket and TCP to another process. @module */
import { fromFileUrl, join } from "@std/path";
import type { Workplace } from "../workplace.ts";
import { type Ends, streamed } from "./streamed.ts";
import type { Transport } from "./transport.ts";

function peerProcess(args: readonly string[], stdin: "piped" | "null"): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-lock",
      "--no-config",
      "--allow-net",
      "--allow-read",
      "--allow-write",
      fromFileUrl(new URL("../transport_peer.ts", import.meta.url)),
      ...args,
    ],
    stdin,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** Standard input and output of a child. */
export function pipe(): Transport {
  return streamed("pipe", openPipe, () => {});
}

function openPipe(): Ends {
  const child = peerProcess(["pipe"], "piped");
  const writer = child.stdin.getWriter();
  const reader = child.stdout.getReader();
  let rest: Uint8Array = new Uint8Array(0);
  return {
    async read(into) {
      if (rest.byteLength === 0) {
        const { value, done } = await reader.read();
        if (done) return null;
        rest = value;
      }
      const taken = rest.subarray(0, into.byteLength);
      into.set(taken);
      rest = rest.subarray(taken.byteLength);
      return taken.byteLength;
    },
    async write(bytes) {
      await writer.write(bytes);
      return bytes.byteLength;
    },
    end: () => writer.close(),
    async close() {
      await writer.close().catch(() => {});
      await reader.cancel();
      await child.status;
    },
  };
}

/** A Unix socket and a TCP connection to one child. */
export async function sockets(workplace: Workplace): Promise<Transport[]> {
  const path = join(workplace.folder, `${crypto.randomUUID()}.sock`);
  const child = peerProcess(["sockets", path], "null");
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const port = Number(new TextDecoder().decode(value));
  const over = (connection: Deno.Conn): Ends => ({
    read: (into) => connection.read(into),
    write: (bytes) => connection.write(bytes),
    end: () => connection.closeWrite(),
    close: () => connection.close(),
  });
  let users = 2;
  const leave = async (): Promise<void> => {
    if (--users > 0) return;
    child.kill();
    await reader.cancel();
    await child.status;
  };
  return [
    streamed("Unix socket", async () => over(await Deno.connect({ transport: "unix", path })), leave),
    streamed("TCP, loopback", async () => {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      connection.setNoDelay(true);
      return over(connection);
    }, leave),
  ];
}
