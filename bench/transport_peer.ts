/**
 * The other process of `messages.ts`. `transport_peer.ts pipe` answers on its standard streams;
 * `transport_peer.ts sockets PATH` listens on a Unix socket and on a TCP port of the loopback, and prints the port.
 *
 * The first byte of a connection says what to do: 0 sends everything back, 1 counts until the end and sends 8 bytes.
 * @module
 */

interface Stream {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
}

async function writeAll(stream: Stream, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) at += await stream.write(bytes.subarray(at));
}

async function serve(stream: Stream): Promise<void> {
  const memory = new Uint8Array(1 << 20);
  const first = new Uint8Array(1);
  if (await stream.read(first) === null) return;
  let total = 0;
  for (let read = await stream.read(memory); read !== null; read = await stream.read(memory)) {
    total += read;
    if (first[0] === 0) await writeAll(stream, memory.subarray(0, read));
  }
  if (first[0] === 1) await writeAll(stream, new Uint8Array(Float64Array.of(total).buffer));
}

async function accept(listener: Deno.Listener<Deno.Conn>): Promise<void> {
  for await (const connection of listener) {
    serve(connection).catch(() => {}).finally(() => connection.close());
  }
}

if (Deno.args[0] === "pipe") {
  await serve({ read: (into) => Deno.stdin.read(into), write: (bytes) => Deno.stdout.write(bytes) });
} else {
  const unix = Deno.listen({ transport: "unix", path: Deno.args[1]! });
  const tcp = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await writeAll(
    { read: () => Promise.resolve(null), write: (bytes) => Deno.stdout.write(bytes) },
    new TextEncoder().encode(`${(tcp.addr as Deno.NetAddr).port}\n`),
  );
  await Promise.all([accept(unix), accept(tcp)]);
}
