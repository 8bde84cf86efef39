import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { park, requireRoom } from "../../ffi/parked.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { loadCyclesAlone } from "./load_cycles.ts";

Deno.test({
  name: "300 loads and unloads of plugins that worked leave no mapping of them",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { residentAfterWarmUp, residentAtEnd } = await loadCyclesAlone(300);
    const grown = residentAtEnd - residentAfterWarmUp;
    assert(grown < 100 << 20, `${grown} bytes more`);
  },
});

for (
  const [mode, said] of [
    ["sticky", "the system keeps it"],
    ["thread", "1 instances, threads or lent batches of it are alive"],
  ] as const
) {
  Deno.test({
    name: `a plugin that is not quiet (${mode}) is parked, counted and reported, and the host goes on`,
    // Whether a library can be unmapped is known of Linux only.
    ignore: Deno.build.os !== "linux",
    async fn() {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-lock", "--no-check", "-A", new URL("./lingering.ts", import.meta.url).href, mode],
        stdin: "null",
      }).output();
      assertEquals(code, 0, new TextDecoder().decode(stderr));
      const { log, parked } = JSON.parse(new TextDecoder().decode(stdout)) as { log: string[]; parked: number };
      assertStringIncludes(log.join("\n"), said);
      assertStringIncludes(log.join("\n"), "builds of this plugin that did: 1");
      assertEquals(parked, 1);
    },
  });
}

Deno.test({
  name: "a thread of a plugin outlives the host that started it, and its memory",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { code, signal, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-lock", "--no-check", "-A", new URL("./outlived_host.ts", import.meta.url).href],
      // What is freed is overwritten: whoever reads an address there does not get far.
      env: { MALLOC_PERTURB_: "165" },
      stdin: "null",
      // Or it goes on for ever in memory that is gone.
      signal: AbortSignal.timeout(60_000),
    }).output();
    assertEquals({ code, signal }, { code: 0, signal: null }, new TextDecoder().decode(stderr));
  },
});

Deno.test("a ninth build of a plugin that stays in memory is refused", () => {
  for (let build = 0; build < 8; build++) park("@caisson/stays", `/${build}.so`);
  requireRoom("@caisson/stays", "/7.so");
  const error = assertThrows(() => requireRoom("@caisson/stays", "/8.so"), CaissonError);
  assertEquals(error.code, "CAISSON_ISOLATION_REFUSED");
  assertStringIncludes(error.message, "8 earlier builds that could not be unloaded");
});
