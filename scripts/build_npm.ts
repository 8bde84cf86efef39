/**
 * Builds the npm package of `@caisson/plugin` into `npm/`, for plugin authors whose editor or bundler knows npm only:
 *
 * ```sh
 * deno run --allow-env --allow-net --allow-read --allow-run --allow-write scripts/build_npm.ts
 * ```
 *
 * `@deno/dnt` is on JSR alone, with no stand-in: where JSR cannot be reached this says so and ends with 1.
 * @module
 */
// deno-lint-ignore-file no-console -- the terminal is where it reports

/** The part of `@deno/dnt` that is used here; checked against the real one by the release workflow. */
interface Dnt {
  emptyDir(folder: string): Promise<void>;
  build(options: {
    readonly entryPoints: readonly string[];
    readonly outDir: string;
    readonly shims: Readonly<Record<string, never>>;
    readonly test: boolean;
    readonly scriptModule: false;
    readonly typeCheck: "both";
    readonly package: Readonly<Record<string, unknown>>;
    readonly postBuild: () => Promise<void>;
  }): Promise<void>;
}

const root = new URL("../", import.meta.url);

/** Loads dnt by its name in the import map; computed, so that checking this file needs no JSR. */
async function loadDnt(): Promise<Dnt | undefined> {
  const name = ["@deno", "dnt"].join("/");
  try {
    return await import(name);
  } catch (error) {
    console.error(`The npm package cannot be built here: ${name} could not be loaded from JSR.`);
    console.error(String(error instanceof Error ? error.message : error));
    return undefined;
  }
}

/** The fields of `package.json` that npm needs and `deno.json` has or implies. */
async function packageFields(): Promise<Record<string, unknown>> {
  const { name, version, license } = JSON.parse(await Deno.readTextFile(new URL("plugins/sdk/deno.json", root)));
  return {
    name,
    version,
    license,
    description: "Types for writing Caisson plugins in TypeScript",
    keywords: ["caisson", "plugin", "events", "deno"],
    sideEffects: false,
  };
}

/** Builds the package; the result is the exit code. */
async function main(): Promise<number> {
  const dnt = await loadDnt();
  if (dnt === undefined) return 1;
  Deno.chdir(root);
  await dnt.emptyDir("npm");
  await dnt.build({
    entryPoints: ["plugins/sdk/mod.ts"],
    outDir: "npm",
    shims: {},
    test: false,
    scriptModule: false,
    typeCheck: "both",
    package: await packageFields(),
    postBuild: async () => {
      await Deno.copyFile("LICENSE", "npm/LICENSE");
      await Deno.copyFile("plugins/sdk/README.md", "npm/README.md");
    },
  });
  return 0;
}

if (import.meta.main) Deno.exit(await main());
