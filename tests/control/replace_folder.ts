/** Plugin folders for tests of replacement. @module */
import { join } from "@std/path";

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
