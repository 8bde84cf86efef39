/** Long enough for a slow line, short enough for one that swallows packets. */
const PROBE_TIMEOUT_MS = 3_000;

/**
 * An entry point of the original that the stand-ins do not have, so that a
 * cache they filled never answers for the registry.
 */
const PROBE_SPECIFIER = "jsr:@std/path@^1/constants";

interface ModuleGraph {
  readonly modules: readonly { readonly error?: string }[];
}

/**
 * Whether the JSR registry answers on this machine.
 *
 * Asks Deno itself with an empty cache, so proxies, certificates and the
 * registry's address are the ones every later import meets.
 */
export async function jsrIsReachable(): Promise<boolean> {
  const cache = await Deno.makeTempDir({ prefix: "jsr-probe-" });
  try {
    const { success, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--no-config", "--no-lock", "--json", PROBE_SPECIFIER],
      env: { DENO_DIR: cache, DENO_NO_UPDATE_CHECK: "1" },
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
      stdin: "null",
      stderr: "null",
    }).output();
    if (!success) return false;
    const { modules } = JSON.parse(
      new TextDecoder().decode(stdout),
    ) as ModuleGraph;
    return modules.length > 0 &&
      modules.every(({ error }) => error === undefined);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}
