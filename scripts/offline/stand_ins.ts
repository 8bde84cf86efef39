import type { LocalPackage } from "./registry.ts";

/** The release of each `@std` package whose API its stand-in follows. */
const RELEASES: Readonly<Record<string, string>> = {
  assert: "1.0.19",
  path: "1.1.6",
  streams: "1.1.2",
};

/** The stand-ins for `@std`, as packages a registry can offer. */
export async function standIns(): Promise<LocalPackage[]> {
  return await Promise.all(
    Object.entries(RELEASES).map(async ([name, version]) => {
      const source = new URL(`./std/${name}.ts`, import.meta.url);
      return {
        name: `@std/${name}`,
        version,
        exports: { ".": "./mod.ts" },
        files: new Map([["/mod.ts", await Deno.readFile(source)]]),
      };
    }),
  );
}
