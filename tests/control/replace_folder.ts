/** Plugin folders for tests of replacement. @module */
import { fromFileUrl, join } from "@std/path";
import { buildPlugin } from "../../ffi/build.ts";

/** Writes a TypeScript plugin `stamper` of one component. */
export async function writeStamper(
  folder: string,
  version: string,
  provision: { readonly kind: string; readonly code: string; readonly config?: unknown },
): Promise<string> {
  const { kind, code, config } = provision;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(
    join(folder, "plugin.json"),
    JSON.stringify({
      manifest: 1,
      name: "stamper",
      version,
      runtime: "^0.1.0",
      provides: [{
        kind,
        name: "stamp",
        interface: `${kind}@1.0`,
        ...(config === undefined ? {} : { config }),
      }],
      module: "./mod.ts",
      limits: { memoryMiB: 32 },
    }),
  );
  await Deno.writeTextFile(join(folder, "mod.ts"), code);
  return folder;
}

/** A processor that writes its version into every event. */
export function stamping(version: string): { readonly kind: string; readonly code: string } {
  return {
    kind: "processor",
    code: `export default { stamp: () => ({
      process: (events) => events.map(({ value }) => ({ ...value, version: ${JSON.stringify(version)} })),
    }) };`,
  };
}

/** Builds the plugin `transform` with another version. */
export async function copyTransform(folder: string, version: string): Promise<string> {
  const from = fromFileUrl(new URL("../../plugins/transform", import.meta.url));
  await Deno.mkdir(folder, { recursive: true });
  for (const name of ["transform.c", "event.c", "event.h"]) {
    const source = await Deno.readTextFile(join(from, name));
    await Deno.writeTextFile(join(folder, name), source.replace('"0.1.0"', JSON.stringify(version)));
  }
  const manifest = JSON.parse(await Deno.readTextFile(join(from, "plugin.json")));
  await Deno.writeTextFile(join(folder, "plugin.json"), JSON.stringify({ ...manifest, version }));
  await buildPlugin({ folder });
  return folder;
}
