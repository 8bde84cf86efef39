import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { jsonBatch, launchFixture } from "./launch_fixture.ts";

Deno.test("an unhandled rejection ends the instance, fails what is in flight and leaves the host alone", async () => {
  const fixture = await launchFixture("collector", { kind: "sink" });
  const error = await assertRejects(
    async () => await fixture.sink.write(jsonBatch({ do: "reject" })),
    CaissonError,
  );
  assertEquals(error.code, "CAISSON_PLUGIN_THREW");
  assertStringIncludes(error.message, "nobody waits for this");
  await assertRejects(async () => await fixture.sink.write(jsonBatch({ a: 1 })), CaissonError);
  await fixture.sink.close();
});

Deno.test("a plugin that tries to exit ends its instance and is reported", async () => {
  const fixture = await launchFixture("collector", { kind: "sink" });
  const error = await assertRejects(
    async () => await fixture.sink.write(jsonBatch({ do: "exit" })),
    CaissonError,
  );
  assertStringIncludes(error.message, "Deno.exit()");
  await fixture.sink.close();
});

Deno.test("a Worker that never answers a write is given up: what is in flight fails, and what follows", async () => {
  const fixture = await launchFixture("collector", { kind: "sink", options: { batchMs: 300 } });
  for (const value of [{ do: "wait for ever" }, { a: 1 }]) {
    const error = await assertRejects(async () => await fixture.sink.write(jsonBatch(value)), CaissonError);
    assertEquals(error.code, "CAISSON_PLUGIN_TIMEOUT");
    assertStringIncludes(error.message, "given up");
  }
  await fixture.sink.close();
});
