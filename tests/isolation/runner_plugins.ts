/** Builds native plugins and opens them in runners, for tests. @module */
import { dirname } from "@std/path";
import { buildPlugin } from "../../ffi/build.ts";
import type { CodecDirection } from "../../runtime/connector/contract.ts";
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
  /** Without the sandbox. @default {false} */
  readonly unsandboxed?: boolean;
  /** Takes the process when it is started. */
  readonly hosted?: NonNullable<LaunchRunnerOptions["context"]["hosted"]>;
  /** Codec: which way it works. */
  readonly direction?: CodecDirection;
  /** Stops the instance. */
  readonly signal?: AbortSignal;
}

/** Restarts at once: tests wait for nothing. */
export const QUICK: RestartOptions = { firstMs: 10 };

let instances = 0;

/** What a plugin of the tests is granted: the folder of the file in which it notes that it has done its deed. */
function grantedFor({ once }: Readonly<Record<string, unknown>>): NonNullable<LaunchRunnerOptions["permissions"]> {
  const folders = typeof once === "string" ? [dirname(once)] : false;
  return () => ({ net: false, read: folders, write: folders });
}

/**
 * Builds a plugin when it has changed, and opens one of its components in a process of its own: in the sandbox where there
 * is one, but for a program with sanitizers, which need more than a plugin gets.
 */
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
      direction: given.direction,
      signal: given.signal ?? new AbortController().signal,
      log: (level, message) => given.log?.(`${level}: ${message}`),
      ...(given.hosted === undefined ? {} : { hosted: given.hosted }),
    },
    options: given.options,
    permissions: given.unsandboxed === true || given.launch?.program !== undefined || Deno.build.os !== "linux"
      ? undefined
      : grantedFor(config),
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
