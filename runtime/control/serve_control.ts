/** The control API of a running host, on loopback or on a Unix socket. @module */
import type { ErrorCode } from "../errors/codes.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { errorDocument } from "../errors/error_document.ts";
import type { Runtime } from "../runtime.ts";
import { admit, readBody } from "./admit.ts";
import { newToken, removeControlFile, writeControlFile } from "./control_file.ts";
import { type Answer, type Route, routes } from "./routes.ts";

/** What {@linkcode serveControl} needs. */
export interface ServeControlOptions {
  /** What is controlled. */
  readonly runtime: Runtime;
  /** `PORT` or `127.0.0.1:PORT`, where 0 takes a free port, or `unix:PATH`. @default {"127.0.0.1:0"} */
  readonly address?: string;
  /** Where address and token are written, readable by this user alone. */
  readonly file: string;
}

/** A control API that answers until it is disposed of. */
export interface ControlServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, or `unix:PATH`. */
  readonly address: string;
}

const statuses: Readonly<Partial<Record<ErrorCode, number>>> = {
  CAISSON_CONTROL_REFUSED: 401,
  CAISSON_CONTROL_REQUEST: 400,
  CAISSON_CONTROL_UNKNOWN: 404,
  CAISSON_FLOW_STATE: 409,
  CAISSON_PLUGIN_IN_USE: 409,
  CAISSON_REPLACE_FAILED: 409,
  CAISSON_INTERNAL: 500,
};

/**
 * Serves the control API: whoever shows the token may do what the host may do.
 *
 * @throws {CaissonError} `CAISSON_CONTROL_REQUEST` for an address that is neither loopback nor a Unix socket
 *
 * @example
 * ```ts
 * import { Runtime, serveControl } from "@caisson/runtime";
 *
 * const folder = await Deno.makeTempDir();
 * await using runtime = new Runtime();
 * {
 *   await using control = await serveControl({ runtime, file: `${folder}/control.json` });
 *   const { token } = JSON.parse(await Deno.readTextFile(`${folder}/control.json`));
 *   const answer = await fetch(`${control.address}/v1/flows`, { headers: { authorization: `Bearer ${token}` } });
 *   console.log(await answer.json());
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function serveControl({ runtime, address = "0", file }: ServeControlOptions): Promise<ControlServer> {
  const token = newToken();
  const place = parseAddress(address);
  let hosts: readonly string[] = ["localhost"];
  const handler = (request: Request) => respond(request, runtime, token, hosts);
  let server: Deno.HttpServer;
  let served: string;
  if ("path" in place) {
    await removeStaleSocket(place.path);
    server = Deno.serve({ path: place.path, handler, onListen() {}, onError: internal });
    await Deno.chmod(place.path, 0o600);
    served = `unix:${place.path}`;
  } else {
    const listening = Deno.serve({
      hostname: "127.0.0.1",
      port: place.port,
      handler,
      onListen() {},
      onError: internal,
    });
    const { port } = listening.addr;
    hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
    server = listening;
    served = `http://127.0.0.1:${port}`;
  }
  try {
    await writeControlFile(file, { address: served, token, pid: Deno.pid });
  } catch (thrown) {
    await server.shutdown();
    throw thrown;
  }
  return {
    address: served,
    async [Symbol.asyncDispose]() {
      await removeControlFile(file, token);
      await server.shutdown();
      if ("path" in place) await Deno.remove(place.path).catch(() => {});
    },
  };
}

function parseAddress(address: string): { readonly path: string } | { readonly port: number } {
  if (address.startsWith("unix:") && address.length > 5) return { path: address.slice(5) };
  const port = /^(?:(?:127\.0\.0\.1|localhost):)?(\d{1,5})$/.exec(address)?.[1];
  if (port !== undefined && Number(port) < 65536) return { port: Number(port) };
  throw new CaissonError("CAISSON_CONTROL_REQUEST", {
    subject: "control",
    found: `address ${JSON.stringify(address)}`,
    allowed: "PORT, 127.0.0.1:PORT or unix:PATH",
    action: "Reach it from another machine through ssh: the token must not travel in the clear.",
  });
}

/** A socket file stays when its process is killed; one that still answers belongs to another host. */
async function removeStaleSocket(path: string): Promise<void> {
  try {
    if (!(await Deno.lstat(path)).isSocket) return;
  } catch {
    return;
  }
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch {
    await Deno.remove(path);
  }
}

async function respond(request: Request, runtime: Runtime, token: string, hosts: readonly string[]): Promise<Response> {
  try {
    admit(request, token, hosts);
    const { pathname, searchParams: query } = new URL(request.url);
    const { route, names } = find(request.method, pathname);
    const body = await readBody(request);
    return asResponse(await route.answer({ runtime, names, query, body }));
  } catch (thrown) {
    return refusal(thrown);
  }
}

function find(method: string, pathname: string): { readonly route: Route; readonly names: Record<string, string> } {
  const fitting = routes.flatMap((route) => {
    const names = namesIn(route.path, pathname);
    return names === undefined ? [] : [{ route, names }];
  });
  const found = fitting.find(({ route }) => route.method === method);
  if (found !== undefined) return found;
  throw new CaissonError(fitting.length === 0 ? "CAISSON_CONTROL_UNKNOWN" : "CAISSON_CONTROL_REQUEST", {
    subject: "control",
    found: `${method} ${pathname.slice(0, 200)}`,
    allowed: (fitting.length === 0 ? routes : fitting.map(({ route }) => route)).map((route) =>
      `${route.method} ${route.path}`
    ).join(", "),
  });
}

function namesIn(pattern: string, pathname: string): Record<string, string> | undefined {
  const wanted = pattern.split("/");
  const given = pathname.split("/");
  if (wanted.length !== given.length) return undefined;
  const names: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    if (part.startsWith(":")) {
      try {
        names[part.slice(1)] = decodeURIComponent(given[index]!);
      } catch {
        return undefined;
      }
    } else if (part !== given[index]) return undefined;
  }
  return names;
}

const plain = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

function asResponse(answer: Answer): Response {
  if ("text" in answer) return new Response(answer.text, { headers: { ...plain, "content-type": answer.type } });
  return Response.json(answer.document, { status: answer.status ?? 200, headers: plain });
}

function refusal(thrown: unknown): Response {
  const error = thrown instanceof CaissonError
    ? thrown
    : new CaissonError("CAISSON_INTERNAL", { subject: "control", found: messageOf(thrown), cause: thrown });
  return Response.json(errorDocument(error), { status: statuses[error.code] ?? 422, headers: plain });
}

function internal(thrown: unknown): Response {
  return refusal(thrown);
}
