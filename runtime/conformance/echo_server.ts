/** The other side of plugins that need one: an HTTP server on the loopback address, for as long as a run takes. @module */

/** A running server. */
export interface EchoServer extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
}

/**
 * Starts it on a free port. A request with a body is answered with that body, one without with its method and path as
 * JSON; the same request is answered the same way every time.
 */
export function startEchoServer(): EchoServer {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const body = new Uint8Array(await request.arrayBuffer());
    if (body.byteLength > 0) return new Response(body);
    return Response.json({ method: request.method, path: new URL(request.url).pathname });
  });
  return {
    address: `127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: async () => {
      // A plugin that was stopped in the middle of a request may have left its connection open.
      await server.shutdown();
    },
  };
}
