/** What every isolation for TypeScript does alike. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Batch } from "../../runtime/data/batch.ts";
import { RETRY } from "../../runtime/data/layout.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { type FixtureOptions, jsonBatch, launchFixture, readAll } from "./launch_fixture.ts";

for (const isolation of ["worker", "guard"] as const) {
  const launch = (name: string, fixture: FixtureOptions = {}) => launchFixture(name, { isolation, ...fixture });

  Deno.test(`${isolation}: a source gives every event once, in order, and hears of their delivery`, async () => {
    const fixture = await launch("counter", { config: { count: 5000 } });
    const { source, lines } = fixture;
    await source.connect!({ overall: 0, sinceLastSuccess: 0 });
    const texts = await readAll(source);
    assertEquals(texts.length, 5000);
    texts.forEach((text, index) => assertEquals(JSON.parse(text).count, index));
    await source.close();
    assertEquals(lines, ["info: attempt 0", "info: delivered 5000"]);
  });

  Deno.test(`${isolation}: a component tells numbers about itself, and none when it cannot`, async () => {
    for (const metrics of [undefined, "throws", "long"]) {
      const config = metrics === undefined ? { count: 300 } : { count: 300, metrics };
      await using fixture = await launch("counter", { config });
      await fixture.source.connect!({ overall: 0, sinceLastSuccess: 0 });
      await readAll(fixture.source);
      assertEquals(
        await fixture.source.metrics!(),
        metrics === undefined ? { next: 300, more: { failed: false } } : {},
      );
    }
  });

  Deno.test(`${isolation}: a source that is slow to stop has read its last only when it says so`, async () => {
    await using fixture = await launch("counter", { config: { count: 100, readMs: 1500 } });
    const { source, stop } = fixture;
    await source.connect!({ overall: 0, sinceLastSuccess: 0 });
    const batch = Batch.allocate();
    const polled = source.poll(batch, 1024);
    stop.abort();
    await polled;
    await source.finishReading!();
    while (batch.count === 0 && (await source.poll(batch, 1024)).state === "filled");
    assertEquals(batch.count, 100);
  });

  Deno.test(`${isolation}: chunks of bytes arrive as they were read`, async () => {
    await using fixture = await launch("counter", { config: { count: 10, data: true } });
    assertEquals((await readAll(fixture.source))[9], '{"count":9,"filler":""}');
  });

  Deno.test(`${isolation}: slots larger than the batch that is polled are handed out in pieces`, async () => {
    await using fixture = await launch("counter", { config: { count: 1000, size: 300 } });
    const small = Batch.allocate({ capacity: 7, arenaBytes: 4096 });
    const texts = await readAll(fixture.source, small);
    assertEquals(texts.map((text) => JSON.parse(text).count), Array.from({ length: 1000 }, (_, n) => n));
  });

  Deno.test(`${isolation}: a full ring makes the source wait and loses nothing`, async () => {
    await using fixture = await launch("counter", {
      config: { count: 2000, size: 100 },
      options: { ring: { slots: 1, capacity: 8, arenaBytes: 4096 } },
    });
    assertEquals((await readAll(fixture.source)).length, 2000);
  });

  Deno.test(`${isolation}: an event larger than a slot is an error that says so`, async () => {
    await using fixture = await launch("counter", {
      config: { count: 1, size: 5000 },
      options: { ring: { slots: 2, capacity: 8, arenaBytes: 4096 } },
    });
    const error = await assertRejects(() => readAll(fixture.source), CaissonError);
    assertStringIncludes(error.message, "larger than the 4096 bytes");
  });

  Deno.test(`${isolation}: a read that throws is reported after what was read before it, and reading can go on`, async () => {
    await using fixture = await launch("counter", { config: { count: 200, failAt: 150 } });
    const batch = Batch.allocate();
    let read = 0;
    const failure = await assertRejects(async () => {
      for (;;) {
        batch.clear();
        await fixture.source.poll(batch, 1024);
        read += batch.count;
      }
    }, CaissonError);
    assertEquals(failure.code, "CAISSON_PLUGIN_THREW");
    assertStringIncludes(failure.message, "the well is dry");
    assertEquals(read, 150);
    assertEquals((await readAll(fixture.source)).length, 50);
  });

  Deno.test(`${isolation}: a sink gets data, decoded values and times`, async () => {
    await using fixture = await launch("collector", { kind: "sink" });
    assertEquals(await fixture.sink.write(jsonBatch({ a: 1 }, { a: 2 })), undefined);
    // Log lines travel by message, verdicts through the ring: ask something to be sure they have arrived.
    await fixture.sink.connect!({ overall: 0, sinceLastSuccess: 0 });
    assertEquals(fixture.lines, ['info: {"a":1} at 1000', 'info: {"a":2} at 1001']);
  });

  Deno.test(`${isolation}: a batch that needs many slots is written in order`, async () => {
    await using fixture = await launch("collector", {
      kind: "sink",
      options: { ring: { slots: 2, capacity: 16, arenaBytes: 1024 } },
    });
    const batch = jsonBatch(...Array.from({ length: 150 }, (_, n) => ({ n })));
    assertEquals(await fixture.sink.write(batch), undefined);
    await fixture.sink.connect!({ overall: 0, sinceLastSuccess: 0 });
    assertEquals(fixture.lines.length, 150);
    assertStringIncludes(fixture.lines[149]!, '{"n":149}');
  });

  Deno.test(`${isolation}: a write that throws fails its events with the reason, and the instance stays`, async () => {
    await using fixture = await launch("collector", { kind: "sink" });
    const error = await assertRejects(
      async () => await fixture.sink.write(jsonBatch({ do: "throw" })),
      CaissonError,
    );
    assertEquals(error.code, "CAISSON_PLUGIN_THREW");
    assertStringIncludes(error.message, "cannot write");
    assertStringIncludes((error.cause as Error).stack!, "collector/mod.ts");
    assertEquals(await fixture.sink.write(jsonBatch({ a: 1 })), undefined);
  });

  Deno.test(`${isolation}: only the events a sink names fail`, async () => {
    await using fixture = await launch("collector", { kind: "sink" });
    const result = await fixture.sink.write(jsonBatch({ a: 1 }, { do: "refuse" }, { a: 3 }));
    assertEquals(result?.verdicts.map(({ index, action }) => ({ index, action })), [{ index: 1, action: RETRY }]);
    assertStringIncludes(String(result?.reason), "not this one");
  });

  Deno.test(`${isolation}: a sink that judges an event it was not given fails its batch`, async () => {
    await using fixture = await launch("collector", { kind: "sink" });
    const error = await assertRejects(
      async () => await fixture.sink.write(jsonBatch({ do: "wrong verdict" })),
      CaissonError,
    );
    assertStringIncludes(error.message, "7000");
  });

  Deno.test(`${isolation}: an event kept beyond its write cannot be read`, async () => {
    await using fixture = await launch("collector", { kind: "sink" });
    await fixture.sink.write(jsonBatch({ do: "keep" }));
    const error = await assertRejects(
      async () => await fixture.sink.write(jsonBatch({ do: "use kept" })),
      CaissonError,
    );
    assertStringIncludes(error.message, "copy what you keep");
  });

  Deno.test(`${isolation}: an event larger than a slot fails alone`, async () => {
    await using fixture = await launch("collector", {
      kind: "sink",
      options: { ring: { slots: 2, capacity: 16, arenaBytes: 1024 } },
    });
    const result = await fixture.sink.write(jsonBatch({ a: 1 }, { long: "x".repeat(2000) }, { a: 3 }));
    assertEquals(result?.verdicts.map(({ index }) => index), [1]);
    assertEquals((result?.reason as CaissonError).code, "CAISSON_EVENT_TOO_LARGE");
  });

  Deno.test(`${isolation}: a refused permission fails the events and names plugin, permission and the line to add`, async () => {
    await using fixture = await launch("collector", {
      kind: "sink",
      config: { url: "http://127.0.0.1:49999/" },
    });
    const error = await assertRejects(
      async () => await fixture.sink.write(jsonBatch({ do: "fetch" })),
      CaissonError,
    );
    assertEquals(error.code, "CAISSON_PERMISSION_DENIED");
    assertStringIncludes(error.message, "@test/collector");
    assertStringIncludes(error.message, "net 127.0.0.1:49999");
    assertStringIncludes(error.action, '"net": ["127.0.0.1:49999"]');
    assertEquals(await fixture.sink.write(jsonBatch({ a: 1 })), undefined);
  });

  Deno.test(`${isolation}: a connect that throws is an error, and can be tried again`, async () => {
    await using fixture = await launch("collector", { kind: "sink" });
    await assertRejects(
      async () => await fixture.sink.connect!({ overall: -1, sinceLastSuccess: 0 }),
      CaissonError,
      "nobody answers",
    );
    await fixture.sink.connect!({ overall: 1, sinceLastSuccess: 1 });
  });

  Deno.test(`${isolation}: a processor keeps time and token of its input`, async () => {
    await using fixture = await launch("doubler", { kind: "processor" });
    const out = Batch.allocate();
    await fixture.processor.process(jsonBatch({ n: 1 }, { n: 2 }), out);
    assertEquals(out.count, 2);
    assertEquals(new TextDecoder().decode(out.payload(1)), '{"n":4}');
    assertEquals([out.sequence(1), out.timestampMs(1)], [101, 1001]);
  });

  Deno.test(`${isolation}: a processor that throws fails its batch and takes the next`, async () => {
    await using fixture = await launch("doubler", { kind: "processor" });
    const out = Batch.allocate();
    await assertRejects(
      async () => await fixture.processor.process(jsonBatch({ n: -1 }), out),
      CaissonError,
      "negative",
    );
    await fixture.processor.process(jsonBatch({ n: 4 }), out);
    assertEquals(out.count, 1);
  });

  Deno.test(`${isolation}: a plugin without the component is refused with what it has`, async () => {
    const error = await assertRejects(
      () => launch("counter", { component: "kounter" }),
      CaissonError,
    );
    assert(error.message.includes("kounter") && error.message.includes("counter"));
  });
}
