/** `caisson build PLUGIN_DIR...`. @module */
import { join, resolve } from "@std/path";
import { buildPlugin } from "../../ffi/build.ts";
import { buildAdapter } from "../../ffi/build_adapter.ts";
import { hostPlatform } from "../../ffi/platform.ts";
import { verifyLibrary } from "../../ffi/verify_library.ts";
import { checkLibrary } from "../manifest/check_library.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { readManifest } from "../manifest/parse_manifest.ts";
import type { Invocation, Outcome } from "./command.ts";
import { formatColumns } from "./columns.ts";
import { type HostNeed, readNeed, requireNeeds } from "./host_need.ts";
import { commandCache, packageNeeds } from "./plan.ts";

/** Builds plugins one after the other; the first failure ends it. */
export async function execute(invocation: Invocation): Promise<Outcome> {
  const { program, words } = invocation;
  const folders = invocation.positionals.map((path) => resolve(path));
  const cacheFolder = commandCache(invocation);
  requireNeeds(folders.map((folder) => readNeed(folder, "the plugin")), { program, words, first: true });
  const manifests = await Promise.all(folders.map(async (folder) => (await readManifest(folder)).manifest));
  requireNeeds(folders.flatMap((folder, index) => needsOf(folder, manifests[index]!, cacheFolder, program)), {
    program,
    words,
  });
  const built = [];
  for (const folder of folders) {
    const result = await buildPlugin({ folder, cacheFolder });
    const sealed = await readManifest(result.manifestFile);
    const { bytes } = await checkLibrary(sealed, hostPlatform());
    // What does not fit is noticed by its author, now, and not by whoever runs it.
    verifyLibrary({ bytes, manifest: sealed.manifest });
    built.push({ plugin: sealed.manifest.name, ...result });
  }
  // Whoever runs a flow later needs no compiler then.
  await buildAdapter({ cacheFolder });
  return {
    exit: 0,
    text: formatColumns(
      ["plugin", "library", "sha256", ""],
      built.map((
        { plugin, library, sha256, cached },
      ) => [plugin, library, sha256, cached ? "nothing had changed" : "built"]),
    ),
    document: { built },
  };
}

function needsOf(folder: string, manifest: Manifest, cache: string, program: string): HostNeed[] {
  const rust = manifest.native?.build?.language === "rust";
  return [
    readNeed(folder, "the plugin's sources"),
    { key: "write", value: join(folder, "dist"), reason: "the library and its sealed manifest" },
    { key: "read", value: cache, reason: "what was compiled before" },
    { key: "write", value: cache, reason: "what is compiled for every plugin" },
    { key: "run", value: rust ? "rustc" : "cc", reason: "the compiler" },
    ...packageNeeds(program, "ffi", "headers and sources that come with caisson"),
  ];
}
