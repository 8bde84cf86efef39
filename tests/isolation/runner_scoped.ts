/** Runs a plugin in a runner under permissions that name everything: arguments are the cache and a built plugin. @module */
// deno-lint-ignore-file no-console -- the test reads what it prints
import { Batch } from "../../runtime/data/batch.ts";
import { launchRunner } from "../../runtime/isolation/runner.ts";
import type { Manifest } from "../../runtime/manifest/manifest.ts";

const [cacheFolder, manifestFile, file, sha256] = Deno.args as [string, string, string, string];
const manifest = JSON.parse(await Deno.readTextFile(manifestFile)) as Manifest;
const { part } = await launchRunner({
  library: { file, sha256 },
  manifest,
  provision: manifest.provides[0]!,
  context: {
    alias: "test/scoped",
    instance: 1,
    config: { mode: "pass" },
    signal: new AbortController().signal,
    log: (_level, message) => console.error(message),
  },
  cacheFolder,
});
if (part.kind !== "processor") throw new TypeError(part.kind);
const batch = Batch.allocate();
batch.appendBytes(new TextEncoder().encode("through a runner"), 1);
const out = Batch.allocate();
await part.processor.process(batch, out);
console.log(new TextDecoder().decode(out.payload(0)));
await part.processor.close();
