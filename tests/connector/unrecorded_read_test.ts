import { assert, assertEquals, assertRejects } from "@std/assert";
import { unrecordedRead } from "../../runtime/connector/builtin/socket/unrecorded_read.ts";

const WAIT_MS = 10_000;

async function within<T>(promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new RangeError(`nothing within ${WAIT_MS} ms`)), WAIT_MS);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Both ends of a connection. */
async function connected(): Promise<[Deno.TcpConn, Deno.TcpConn]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  return await Promise.all([Deno.connect({ hostname: "127.0.0.1", port }), listener.accept()]);
}

/** Counts calls of the connection's own method: where there are any, the figures of decision 0026 do not hold. */
function countReads(conn: Deno.TcpConn): { reads: number } {
  const counted = { reads: 0 };
  const own = conn.read.bind(conn);
  conn.read = (bytes) => {
    counted.reads++;
    return own(bytes);
  };
  return counted;
}

/** The same without what Deno keeps in it. */
const bare = (conn: Deno.TcpConn) => ({ read: (bytes: Uint8Array) => conn.read(bytes) });

const WAYS = {
  "as Deno reads itself": (conn: Deno.TcpConn) => unrecordedRead(conn),
  "the public way": (conn: Deno.TcpConn) => unrecordedRead(bare(conn)),
};
for (const [name, readOf] of Object.entries(WAYS)) {
  Deno.test(`${name}: bytes come, then the end, and the other half stays open`, async () => {
    const [client, server] = await connected();
    try {
      const read = readOf(server);
      await client.write(Uint8Array.of(1, 2, 3));
      await client.closeWrite();
      const bytes = new Uint8Array(8);
      assertEquals(await within(read(bytes)), 3);
      assertEquals(bytes.subarray(0, 4), Uint8Array.of(1, 2, 3, 0));
      assert(!await within(read(bytes)));
      await server.write(Uint8Array.of(9));
      assertEquals(await within(client.read(bytes)), 1);
      assertEquals(bytes[0], 9);
    } finally {
      client.close();
      server.close();
    }
  });

  Deno.test(`${name}: a read that waits fails when the connection is closed`, async () => {
    const [client, server] = await connected();
    const waiting = readOf(server)(new Uint8Array(8));
    server.close();
    await assertRejects(() => within(waiting), Deno.errors.Interrupted);
    client.close();
  });
}

Deno.test("a connection of this Deno is read past the set of its promises", async () => {
  const [client, server] = await connected();
  try {
    const counted = countReads(server);
    await client.write(Uint8Array.of(1));
    assertEquals(await within(unrecordedRead(server)(new Uint8Array(8))), 1);
    assertEquals(counted.reads, 0);
  } finally {
    client.close();
    server.close();
  }
});
