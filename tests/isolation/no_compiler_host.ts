/** Starts a guard and a runner with the cache folder it is given; prints what came of it. */
// deno-lint-ignore-file no-console -- its output is the answer
import { fromFileUrl, join } from "@std/path";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { launchGuard } from "../../runtime/isolation/guard.ts";
import { launchRunner } from "../../runtime/isolation/runner.ts";
import { noPermissions } from "../../runtime/isolation/start_worker.ts";
import type { Manifest } from "../../runtime/manifest/manifest.ts";
import { fixtureFolder } from "./launch_fixture.ts";

const cacheFolder = Deno.args[0]!;
const warnings: string[] = [];
const context = {
  alias: "test/host",
  instance: 1,
  config: {},
  signal: new AbortController().signal,
  log: (level: string, message: string): void => {
    if (level === "warning") warnings.push(message);
  },
};

const folder = fixtureFolder("counter");
let level = "";
for (let time = 0; time < 2; time++) {
  const instance = await launchGuard({
    plugin: { name: "@test/counter", folder, module: join(folder, "mod.ts") },
    provision: { kind: "source", name: "counter", interface: "source@1.0" },
    permissions: { ...noPermissions, read: [folder] },
    context,
    cacheFolder,
  });
  level = instance.level;
  if (instance.part.kind === "source") await instance.part.source.close();
}

const crashing = fromFileUrl(new URL("../ffi/plugins/crashing/dist", import.meta.url));
const manifest = JSON.parse(await Deno.readTextFile(join(crashing, "plugin.json"))) as Manifest;
const [library] = Object.values(manifest.native!.libraries!);
let refused = "";
try {
  await launchRunner({
    library: { file: join(crashing, library!.file), sha256: library!.sha256 },
    manifest,
    provision: manifest.provides.find(({ name }) => name === "crashing_sink")!,
    permissions: () => ({ net: false, read: false, write: false }),
    context,
    cacheFolder,
  });
} catch (error) {
  if (!(error instanceof CaissonError)) throw error;
  refused = error.code;
}
console.log(JSON.stringify({ level, warnings, refused }));
