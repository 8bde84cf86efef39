/** Plugin folders for tests, removed at the end of the test. @module */
import { dirname, join } from "@std/path";

/** A folder that is removed when it goes out of scope. */
export interface TemporaryFolder extends AsyncDisposable {
  /** Real path. */
  readonly path: string;
  /** Writes a file, with the folders above it. */
  write(path: string, content: string | Uint8Array<ArrayBuffer> | object): Promise<string>;
}

/** Makes an empty folder. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix: "caisson_test_" }));
  return {
    path,
    async write(name, content) {
      const file = join(path, name);
      await Deno.mkdir(dirname(file), { recursive: true });
      if (content instanceof Uint8Array) await Deno.writeFile(file, content);
      else await Deno.writeTextFile(file, typeof content === "string" ? content : JSON.stringify(content));
      return file;
    },
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** A valid manifest of a TypeScript plugin; `changes` replace or, when undefined, remove keys. */
export function manifest(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const whole: Record<string, unknown> = {
    manifest: 1,
    name: "@acme/clickstream",
    version: "1.2.0",
    runtime: "^0.1.0",
    provides: [{ kind: "source", name: "clickstream", interface: "source@1.0" }],
    module: "./mod.ts",
    ...changes,
  };
  for (const [key, value] of Object.entries(whole)) if (value === undefined) delete whole[key];
  return whole;
}

/** A module that is a plugin and imports nothing at run time. */
export const plainModule = `import type { Plugin } from "@caisson/plugin";
export default { clickstream: () => ({ read: () => ({ kind: "finished" }) }) } satisfies Plugin;
`;
