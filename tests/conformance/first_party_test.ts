import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { buildPlugin } from "../../ffi/build.ts";
import { checkConformance } from "../../mod.ts";
import { availableIsolations } from "../../permissions/isolation.ts";
import { discover } from "../../runtime/manifest/discover.ts";
import { hasRust, PLUGINS } from "../isolation/native_plugins.ts";
import { hasKernel } from "../kernel/kernel_twin.ts";
import { failures } from "./contrary.ts";

const TYPESCRIPT = availableIsolations.filter((isolation) => isolation === "worker" || isolation === "guard");
const NATIVE = availableIsolations.filter((isolation) => isolation === "native" || isolation === "runner");

const folders = [
  "blackhole",
  "blaster",
  "http_poll",
  "json_kernel",
  "metronome",
  "transform",
  "transform/rust",
  "webhook",
];

Deno.test("every first-party plugin is checked", async () => {
  const { packages } = await discover({ folders: [PLUGINS] });
  const found = packages.map(({ manifest }) => manifest.name.replace("@caisson/", "").replaceAll("-", "_"));
  assertEquals(found.filter((name) => !folders.includes(name)), []);
});

for (const folder of folders) {
  Deno.test({
    name: `${folder} keeps to the contract in every isolation, with the same output in all of them`,
    ignore: folder === "transform/rust" && !hasRust() || folder === "json_kernel" && !await hasKernel(),
    async fn() {
      const path = join(PLUGINS, folder);
      const { native, isolation } = JSON.parse(await Deno.readTextFile(join(path, "plugin.json")));
      if (native !== undefined) await buildPlugin({ folder: path });
      const report = await checkConformance({ folder: path });
      assertEquals(failures(report), []);
      const bears = isolation === "in-process" ? NATIVE.filter((each) => each === "native") : NATIVE;
      assertEquals(report.isolations, native === undefined ? TYPESCRIPT : bears);
      assert(report.ok && report.checks.length >= 10 * report.isolations.length);
    },
  });
}
