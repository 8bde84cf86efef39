import { assertEquals } from "@std/assert";
import { Batch } from "../../runtime/data/batch.ts";
import { jsonBatch, launchFixture } from "./launch_fixture.ts";

/** Values that are easily damaged on their way: sizes around 0 and a slot's end, every plane of Unicode, numbers. */
const values: readonly unknown[] = [
  "",
  "ä\u0000\ud83d\udea2\u2028",
  { n: -0.5e-300, deep: [[[{}]]], "": null },
  "x".repeat(100_000),
  ...Array.from({ length: 3000 }, (_, n) => ({ n, text: String.fromCodePoint(0x20 + n * 17 % 0xd000) })),
];

/** What fits in a configuration, which is one message. */
const given = values.slice(0, 800).filter((value) => typeof value !== "string" || value.length < 1000);

function payloads(batch: Batch): Uint8Array[] {
  return Array.from({ length: batch.count }, (_, index) => batch.payload(index).slice());
}

type Isolation = "worker" | "guard";

async function throughSource(isolation: Isolation): Promise<Uint8Array[]> {
  await using fixture = await launchFixture("mirror", { isolation, component: "giver", config: { values: given } });
  const batch = Batch.allocate();
  const all: Uint8Array[] = [];
  for (let state = "filled"; state !== "ended";) {
    batch.clear();
    ({ state } = await fixture.source.poll(batch, 1024));
    all.push(...payloads(batch));
  }
  return all;
}

async function throughProcessor(isolation: Isolation): Promise<unknown[]> {
  await using fixture = await launchFixture("mirror", { isolation, kind: "processor", component: "mirror" });
  const all: unknown[] = [];
  for (let start = 0; start < values.length; start += 500) {
    const input = jsonBatch(...values.slice(start, start + 500));
    const out = Batch.allocate();
    await fixture.processor.process(input, out);
    payloads(out).forEach((payload, index) => all.push([payload, out.sequence(index), out.timestampMs(index)]));
  }
  return all;
}

async function throughSink(isolation: Isolation): Promise<string> {
  await using fixture = await launchFixture("mirror", { isolation, kind: "sink", component: "taker" });
  for (let start = 0; start < values.length; start += 500) {
    await fixture.sink.write(jsonBatch(...values.slice(start, start + 500)));
  }
  // The plugin says what it got when it is asked to connect.
  await fixture.sink.connect!({ overall: 0, sinceLastSuccess: 0 });
  return fixture.lines.join("\n");
}

Deno.test("a source gives the same bytes in a guard as in a Worker", async () => {
  const bytes = await throughSource("guard");
  assertEquals(bytes.length, given.length);
  assertEquals(bytes, await throughSource("worker"));
});

Deno.test("a processor gives the same bytes, times and tokens in a guard as in a Worker", async () => {
  const records = await throughProcessor("guard");
  assertEquals(records.length, values.length);
  assertEquals(records, await throughProcessor("worker"));
});

Deno.test("a sink gets the same bytes in a guard as in a Worker", async () => {
  const told = await throughSink("guard");
  assertEquals(told.split(" ")[1], `${values.length}`);
  assertEquals(told, await throughSink("worker"));
});
