/** The service behind the demo's webhook: takes NDJSON on loopback and keeps it in a file. @module */

/** A running service. */
export interface AlertReceiver extends AsyncDisposable {
  /** Where it listens. */
  readonly port: number;
}

const PORT = 8733;

/** Starts the service on its usual port, or on a free one when that is taken. */
export async function receiveAlerts(path: string): Promise<AlertReceiver> {
  const file = await Deno.open(path, { create: true, truncate: true, write: true });
  const handler = async (request: Request): Promise<Response> => {
    const body = new Uint8Array(await request.arrayBuffer());
    // One call, so that concurrent bodies do not mix; through `writable` the last bytes may come after the answer.
    for (let at = 0; at < body.byteLength;) at += file.writeSync(body.subarray(at));
    return new Response(null, { status: 204 });
  };
  const server = listen(PORT, handler);
  return {
    port: server.addr.port,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      file.close();
    },
  };
}

function listen(port: number, handler: Deno.ServeHandler): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, handler);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse) || port === 0) throw error;
    return listen(0, handler);
  }
}
