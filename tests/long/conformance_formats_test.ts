import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { buildPlugin } from "../../ffi/build.ts";
import { checkConformance } from "../../mod.ts";
import { failures } from "../conformance/contrary.ts";

const TYPESCRIPT = fromFileUrl(new URL("../isolation/fixtures/formats", import.meta.url));
const NATIVE = fromFileUrl(new URL("../ffi/plugins/formats", import.meta.url));

for (const [language, folder] of [["TypeScript", TYPESCRIPT], ["C", NATIVE]] as const) {
  Deno.test(`formats in ${language} keep to the contract in every isolation, with the same output in all of them`, async () => {
    if (folder === NATIVE) await buildPlugin({ folder });
    const report = await checkConformance({ folder });
    assertEquals(failures(report), []);
    assert(report.checks.length >= 30 * report.isolations.length, `${report.checks.length} checks`);
  });
}
