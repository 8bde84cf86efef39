/** Builds native plugins and opens them in runners, for tests. @module */
import { buildPlugin } from "../../ffi/build.ts";
import type { RestartOptions } from "../../runtime/isolation/restarting.ts";
import type { ProcessOptions } from "../../runtime/isolation/launch_process.ts";
import { launchRunner, type LaunchRunnerOptions } from "../../runtime/isolation/runner.ts";
import type { Manifest } from "../../runtime/manifest/manifest.ts";
import type { Opened } from "./native_plugins.ts";

/** What {@linkcode openRunner} can be told. */
export interface OpenRunnerOptions {
  /** Deadlines, ring, restarts. */
  readonly options?: ProcessOptions;
  /** Program, cache folder, memory. */
  readonly launch?: Partial<LaunchRunnerOptions>;
  /** Where log lines go. */
  readonly log?: (line: string) => void;
  /** Stops the instance. */
  readonly signal?: AbortSignal;
}

/** Restarts at once: tests wait for nothing. */
export const QUICK: RestartOptions = { firstMs: 10 };

let instances = 0;

/** Builds a plugin when it has changed, and opens one of its components in a process of its own. */
export async function openRunner(
  folder: string,
  name: string,
  config: Readonly<Record<string, unknown>>,
  given: OpenRunnerOptions = {},
): Promise<Opened> {
  const { manifestFile, library, sha256 } = await buildPlugin({ folder });
  const manifest = JSON.parse(await Deno.readTextFile(manifestFile)) as Manifest;
  const instance = await launchRunner({
    library: { file: library, sha256 },
    manifest,
    provision: manifest.provides.find((provision) => provision.name === name)!,
    context: {
      alias: `test/${name}`,
      instance: ++instances,
      config,
      signal: given.signal ?? new AbortController().signal,
      log: (level, message) => given.log?.(`${level}: ${message}`),
    },
    options: given.options,
    ...given.launch,
  });
  return {
    ...instance,
    async [Symbol.asyncDispose]() {
      const { part } = instance;
      await (part.kind === "source" ? part.source : part.kind === "sink" ? part.sink : part.processor).close();
    },
  };
}
