import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { CaissonError, checkConformance } from "../../mod.ts";
import { firstDifference } from "../../runtime/conformance/compare_output.ts";
import { substitute } from "../../runtime/conformance/conformance_file.ts";
import { PLUGINS } from "../isolation/native_plugins.ts";
import { Contrary, failures } from "./contrary.ts";

Deno.test("without a conformance.json a configuration with required members is a failure that says so", async () => {
  await using contrary = await Contrary.inTypeScript("source");
  const report = await checkConformance({ folder: contrary.folder });
  assertEquals(report.ok, false);
  assertEquals(failures(report).length, 1);
  assertStringIncludes(failures(report)[0]!, "needs conformance.json with a configuration for source");
});

Deno.test("refuses a conformance.json that is wrong, naming the place", async () => {
  await using contrary = await Contrary.inTypeScript("source");
  const cases: [unknown, string][] = [
    [{ components: { source: { confg: {} } } }, "confg"],
    [{ components: { other: {} } }, "components.other"],
    [{ components: { source: { config: { mode: "good" }, permissions: { net: true } } } }, "permissions.net"],
    [{ components: { source: { config: { mode: "good" }, permissions: { run: ["sh"] } } } }, "permissions.run"],
    [{}, "components"],
  ];
  for (const [value, place] of cases) {
    await contrary.write("conformance.json", value);
    const error = await assertRejects(() => checkConformance({ folder: contrary.folder }), CaissonError);
    assertEquals(error.code, "CAISSON_CONFORMANCE_INVALID");
    assertStringIncludes(error.subject, place);
  }
});

Deno.test("checks the components it is told, and refuses a name the plugin does not have", async () => {
  await using contrary = await Contrary.inTypeScript("source");
  const { folder } = contrary;
  const { checks } = await checkConformance({ folder, components: ["source"], failFast: true });
  assertEquals(checks[0]?.component, "source");
  assertEquals((await checkConformance({ folder, components: [] })).checks, []);
  const error = await assertRejects(() => checkConformance({ folder, components: ["sauce"] }), CaissonError);
  assertEquals([error.code, error.found, error.allowed], ["CAISSON_CONFORMANCE_INVALID", "sauce", "source"]);
});

Deno.test("grants a plugin no more than its conformance.json says", async () => {
  await using contrary = await Contrary.inTypeScript("source");
  await Deno.writeTextFile(
    join(contrary.folder, "mod.ts"),
    `const env = (name) => { try { return Deno.env.get(name) ?? null; } catch (error) { return error.name; } };
     let done = false;
     export default { source: () => ({ read() {
       if (done) return { kind: "finished" };
       done = true;
       if (env("ASKED") === "NotCapable") throw new Error("ASKED was refused");
       return { kind: "events", values: [[env("ASKED"), env("OTHER")]] };
     } }) };`,
  );
  const manifest = JSON.parse(await Deno.readTextFile(join(contrary.folder, "plugin.json")));
  manifest.permissions = { env: ["ASKED", "OTHER"], reasons: { env: "reads them" } };
  await contrary.write("plugin.json", manifest);
  const run = async (permissions: Record<string, unknown>): Promise<string[]> => {
    await contrary.write("conformance.json", {
      components: { source: { config: { mode: "good" }, deterministic: true, permissions } },
    });
    return failures(await checkConformance({ folder: contrary.folder, isolations: ["worker"] }));
  };
  assertEquals(await run({ env: ["ASKED"] }), []);
  assertStringIncludes((await run({}))[0] ?? "", "ASKED was refused");
});

Deno.test("an isolation that was asked for and cannot be had is a failure", async () => {
  const report = await checkConformance({ folder: join(PLUGINS, "metronome"), isolations: ["native"] });
  assertEquals(report.ok, false);
  assertEquals(report.checks.map(({ isolation, check }) => [isolation, check]), [[
    "native",
    "can run in this isolation",
  ]]);
});

Deno.test("tells about each check as it is made", async () => {
  const seen: string[] = [];
  const { checks } = await checkConformance({
    folder: join(PLUGINS, "metronome"),
    isolations: ["worker"],
    onCheck: ({ check }) => seen.push(check),
  });
  assertEquals(seen, checks.map(({ check }) => check));
});

Deno.test("outputs are compared byte by byte, and in length when both are whole", () => {
  const [a, b, c] = ["a", "b", "ab"].map((text) => new TextEncoder().encode(text)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  assertEquals(firstDifference([a, b], [a, b], true), undefined);
  assertEquals(firstDifference([a, b], [a], false), undefined);
  assertEquals(firstDifference([a, b], [a], true), "2 events, then 1");
  assertEquals(firstDifference([a, b], [a, c], false), 'event 1 is "b" (1 bytes), then "ab" (2 bytes)');
});

Deno.test("places in a configuration are filled in, unknown ones left alone", () => {
  const filled = substitute({ url: "http://{{http}}/x", list: ["{{http}}", 1, null], "{{http}}": "{{other}}" }, {
    http: "127.0.0.1:1",
  });
  assertEquals(filled, { url: "http://127.0.0.1:1/x", list: ["127.0.0.1:1", 1, null], "{{http}}": "{{other}}" });
});
