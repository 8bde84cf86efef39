/** An npm registry on the loopback address with one package. @module */

/** A running registry. */
export interface NpmRegistry extends AsyncDisposable {
  /** Value for `NPM_CONFIG_REGISTRY`. */
  readonly url: string;
}

/** Serves one version of one package. */
export async function npmRegistry(
  name: string,
  version: string,
  files: Readonly<Record<string, string>>,
): Promise<NpmRegistry> {
  const tarball = await gzip(tar(files));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-512", tarball));
  const integrity = `sha512-${digest.toBase64()}`;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
    const { pathname, origin } = new URL(url);
    const path = decodeURIComponent(pathname).slice(1);
    if (path === "package.tgz") return new Response(tarball);
    if (path !== name) return new Response(null, { status: 404 });
    const dist = { tarball: `${origin}/package.tgz`, integrity };
    return Response.json({ name, "dist-tags": { latest: version }, versions: { [version]: { name, version, dist } } });
  });
  return { url: `http://127.0.0.1:${server.addr.port}/`, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** Files below `package/`, as `npm pack` does it. */
function tar(files: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const blocks: Uint8Array<ArrayBuffer>[] = [];
  for (const [path, text] of Object.entries(files)) {
    const bytes = encoder.encode(text);
    const header = new Uint8Array(512);
    const put = (at: number, value: string): void => header.set(encoder.encode(value), at);
    const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits - 1, "0")}\0`;
    put(0, `package/${path}`);
    put(100, octal(0o644, 8));
    put(108, octal(0, 8));
    put(116, octal(0, 8));
    put(124, octal(bytes.length, 12));
    put(136, octal(0, 12));
    put(148, " ".repeat(8));
    put(156, "0");
    put(257, "ustar\x0000");
    put(148, octal(header.reduce((sum, byte) => sum + byte, 0), 7));
    const body = new Uint8Array(Math.ceil(bytes.length / 512) * 512);
    body.set(bytes);
    blocks.push(header, body);
  }
  blocks.push(new Uint8Array(1024));
  const whole = new Uint8Array(blocks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const block of blocks) {
    whole.set(block, at);
    at += block.length;
  }
  return whole;
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
}
