// deno-lint-ignore-file no-console -- the figures are what one reads
import { assert } from "@std/assert";
import { loadCyclesAlone } from "../isolation/load_cycles.ts";

Deno.test({
  name: "10,000 loads and unloads of plugins that worked: no mapping of them, and no growth after the first thousand",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const report = await loadCyclesAlone(10_000);
    console.log(JSON.stringify(report));
    const grown = report.residentAtEnd - report.residentAfterWarmUp;
    assert(grown < 64 << 20, `${grown} bytes more`);
  },
});
