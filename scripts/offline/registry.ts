// A JSR registry on the loopback address: just what Deno's JSR client asks for.

/** A package the registry offers, at its only version. */
export interface LocalPackage {
  /** Scoped name, such as `@std/path`. */
  readonly name: string;
  /** The only version on offer. */
  readonly version: string;
  /** Entry points: `"."` or `"./name"` to the path of a module, such as `./mod.ts`. */
  readonly exports: Readonly<Record<string, string>>;
  /** Contents by path, such as `/mod.ts`. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** A running registry. */
export interface LocalRegistry extends AsyncDisposable {
  /** Value for `JSR_URL`. */
  readonly url: string;
}

/** Tried in order, so that a second run at the same time finds its own. */
const PORTS = [4873, 4874, 4875, 4876, 4877, 4878, 0];

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ts: "application/typescript",
  js: "text/javascript",
  json: "application/json",
};

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** The version document: what the package exports, and a checksum for each file. */
async function versionDocument(pkg: LocalPackage): Promise<string> {
  const manifest: Record<string, { size: number; checksum: string }> = {};
  for (const [path, bytes] of pkg.files) {
    const checksum = `sha256-${await sha256(bytes)}`;
    manifest[path] = { size: bytes.length, checksum };
  }
  return JSON.stringify({ manifest, exports: pkg.exports });
}

/** Every path the registry answers, and with what. */
async function routes(
  packages: readonly LocalPackage[],
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const answers = new Map<string, Uint8Array<ArrayBuffer>>();
  const encoder = new TextEncoder();
  for (const pkg of packages) {
    const versions = JSON.stringify({ versions: { [pkg.version]: {} } });
    const document = await versionDocument(pkg);
    const base = `${pkg.name}/${pkg.version}`;
    answers.set(`${pkg.name}/meta.json`, encoder.encode(versions));
    answers.set(`${base}_meta.json`, encoder.encode(document));
    for (const [path, bytes] of pkg.files) answers.set(base + path, bytes);
  }
  return answers;
}

/** A digest of every answer: it changes with any byte of any package. */
async function digestOf(
  answers: Map<string, Uint8Array<ArrayBuffer>>,
): Promise<string> {
  const documents = [...answers].filter(([path]) => path.endsWith("meta.json"));
  const bytes = await new Blob(documents.flat()).bytes();
  return (await sha256(bytes)).slice(0, 12);
}

function listen(handler: Deno.ServeHandler): Deno.HttpServer<Deno.NetAddr> {
  for (const port of PORTS) {
    try {
      return Deno.serve(
        { hostname: "127.0.0.1", port, onListen() {} },
        handler,
      );
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Deno.errors.AddrInUse("No port is free on 127.0.0.1");
}

/**
 * Serves packages to `jsr:` imports until disposed of.
 *
 * The URL carries a digest of the packages. Deno caches modules by URL, so
 * without it a changed source of the same version would come from its cache.
 */
export async function serveRegistry(
  packages: readonly LocalPackage[],
): Promise<LocalRegistry> {
  const answers = await routes(packages);
  const prefix = `/${await digestOf(answers)}/`;
  const server = listen(({ url }) => {
    const path = decodeURIComponent(new URL(url).pathname);
    const body = path.startsWith(prefix) ? answers.get(path.slice(prefix.length)) : undefined;
    if (body === undefined) return new Response(null, { status: 404 });
    const extension = path.slice(path.lastIndexOf(".") + 1);
    const type = MEDIA_TYPES[extension] ?? "application/octet-stream";
    return new Response(body, { headers: { "content-type": type } });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}${prefix}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
