/** What plugins in processes of their own need compiled, besides their own code. @module */
import { buildAdapter } from "../../ffi/build_adapter.ts";
import { buildRunner } from "../../ffi/build_runner.ts";
import { buildMemoryLibrary } from "../../ffi/memory_library.ts";
import { buildShareLibrary } from "../../ffi/shared_memory.ts";
import { buildLauncher, launcherFile } from "../../permissions/sandbox/build_launcher.ts";
import type { HostNeed } from "./host_need.ts";
import { packageNeeds } from "./plan.ts";

/** One program or library of ours. */
export interface SupportProgram {
  /** Name, for people. */
  readonly name: string;
  /** What it is for. */
  readonly purpose: string;
  /** Compiles it when it is not there yet; the result is its path. */
  readonly build: (options: { readonly cacheFolder: string }) => Promise<string>;
}

function hasSandbox(): boolean {
  const { os, arch } = Deno.build;
  return os === "linux" && (arch === "x86_64" || arch === "aarch64");
}

/** Those that this system can use, in the order they are needed. */
export function supportPrograms(): readonly SupportProgram[] {
  return [
    { name: "share", purpose: "memory shared with plugin processes", build: buildShareLibrary },
    { name: "map", purpose: "the same, in the plugin's process", build: buildMemoryLibrary },
    { name: "adapter", purpose: "native plugins in this process", build: buildAdapter },
    ...(Deno.build.os === "windows"
      ? []
      : [{ name: "runner", purpose: "native plugins in processes of their own", build: buildRunner }]),
    ...(hasSandbox() ? [{ name: "launcher", purpose: "the sandbox of plugin processes", build: buildLauncher }] : []),
  ];
}

/** What compiling them takes. */
export function supportNeeds(cache: string, program: string): HostNeed[] {
  return [
    { key: "read", value: cache, reason: "what was compiled before" },
    { key: "write", value: cache, reason: "what is compiled" },
    { key: "run", value: "cc", reason: "the compiler" },
    ...packageNeeds(program, "ffi", "C sources that come with caisson"),
    ...packageNeeds(program, "permissions/sandbox", "C sources of the sandbox"),
  ];
}

/** What starting plugins in the sandbox takes. The sources can be read. */
export async function sandboxNeeds(cache: string): Promise<HostNeed[]> {
  if (!hasSandbox()) return [];
  return [{ key: "run", value: await launcherFile({ cacheFolder: cache }), reason: "the sandbox of plugin processes" }];
}
