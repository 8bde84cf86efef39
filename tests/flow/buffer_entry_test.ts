import { assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { Runtime } from "../../mod.ts";
import type { PollResult } from "../../runtime/connector/contract.ts";
import { json } from "../../runtime/codec/json.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { KEY, META } from "../../runtime/data/record_parts.ts";
import { entriesOf, entriesOfBatch } from "../../runtime/flow/buffer_entries.ts";
import { decodeEntry, entryOf } from "../../runtime/flow/buffer_entry.ts";
import { Event } from "../../runtime/flow/delivery.ts";
import type { DeadLetter } from "../../runtime/flow/dead_letters.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** An event with key and metadata, as native plugins make them. */
function appendFull(batch: Batch, payload: string, key: string, metadata: string): void {
  const index = batch.count;
  batch.appendBytes(encoder.encode(payload), 1000.5 + index);
  for (const [word, text] of [[KEY, key], [META, metadata]] as const) {
    const bytes = encoder.encode(text);
    batch.arena.set(bytes, batch.arenaUsed);
    batch.words[batch.recordAt(index) + word] = batch.arenaUsed;
    batch.words[batch.recordAt(index) + word + 1] = bytes.byteLength;
    batch.arenaUsed += (bytes.byteLength + 7) & ~7;
  }
}

function textsOf(batch: Batch): string[] {
  return Array.from(
    { length: batch.count },
    (_, index) =>
      [batch.payload(index), batch.key(index), batch.metadata(index)].map((bytes) => decoder.decode(bytes)).join("|"),
  );
}

const full = (count: number): Batch => {
  const batch = Batch.allocate({ capacity: count });
  for (let index = 0; index < count; index++) {
    appendFull(batch, `{"n":${index}}`, index % 2 === 0 ? `key ${index}` : "", index % 3 === 0 ? `about ${index}` : "");
  }
  return batch;
};

Deno.test("an entry keeps time, key and metadata of each event, and not the connection it came from", () => {
  const batch = full(10);
  for (let index = 0; index < 10; index++) batch.setPartition(index, 7);
  const [entry, ...others] = entriesOfBatch(batch);
  assertEquals([entry!.events, others.length], [10, 0]);
  const read = decodeEntry(entry!.data)!;
  assertEquals(textsOf(read), textsOf(batch));
  assertEquals([read.timestampMs(3), read.partition(3), batch.partition(3)], [1003.5, 0, 7]);
  const some = decodeEntry(entryOf(read, [2, 9, 0]))!;
  assertEquals(textsOf(some), [2, 9, 0].map((index) => textsOf(batch)[index]!));
});

Deno.test("events that were chosen, made and raw, lie in one entry in order", () => {
  const batch = full(6);
  const settlement = new Settlement(() => {});
  const events = [4, 1].map((index) => Event.raw(batch, index, json, settlement));
  events.splice(1, 0, Event.made({ n: "made" }, json, 5), Event.made(1n << 80n, json, 5).with(() => {}));
  const failed: Event[] = [];
  const entries = entriesOf({ batch, events, codec: json, settlement }, json, (event) => failed.push(event));
  assertEquals(textsOf(decodeEntry(entries[0]!.data)!), ['{"n":4}|key 4|', '{"n":"made"}||', '{"n":1}||']);
  assertEquals([entries[0]!.events, failed], [3, [events[2]!]]);
});

Deno.test("more events or bytes than an entry holds become several; one that is larger has one to itself", () => {
  const many = Batch.allocate({ capacity: 3000, arenaBytes: 8 << 20 });
  for (let index = 0; index < 3000; index++) many.appendBytes(new Uint8Array(index === 1500 ? 3 << 20 : 5), index);
  const entries = entriesOfBatch(many);
  assertEquals(entries.map(({ events }) => events), [1024, 476, 1, 1024, 475]);
  assertEquals(
    entries.flatMap(({ data }) => {
      const batch = decodeEntry(data)!;
      return Array.from({ length: batch.count }, (_, index) => batch.timestampMs(index));
    }),
    Array.from({ length: 3000 }, (_, index) => index),
  );
});

Deno.test("an entry that contradicts itself is none, whichever byte of its head or records says so", () => {
  const { data } = entriesOfBatch(full(3))[0]!;
  for (const length of [0, 3, 63, data.byteLength - 1]) assertEquals(decodeEntry(data.subarray(0, length)), undefined);
  for (let at = 0; at < 64 * 4; at++) {
    const changed = data.slice();
    changed[at]! ^= 0x80;
    const read = decodeEntry(changed);
    // Whatever is believed lies inside of the entry.
    if (read !== undefined) textsOf(read);
  }
});

Deno.test("keys and metadata come through a buffer that tries again, into the file and the dead letter", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const deadLetter of [undefined, "letters"]) {
      const path = `${folder}/${deadLetter}.db`;
      const seen: string[] = [];
      const letters: DeadLetter[] = [];
      await using runtime = new Runtime({ onError() {} });
      runtime.provide({
        type: "in",
        kind: "source",
        create: () => ({
          produces: "events",
          codec: "json",
          poll(batch: Batch): PollResult {
            for (let n = 0; n < 3; n++) appendFull(batch, `{"n":${n}}`, `key ${n}`, `about ${n}`);
            return { state: "ended" };
          },
          close() {},
        }),
      });
      runtime.provide({
        type: "out",
        kind: "sink",
        create: () => ({
          accepts: "batches",
          maxEvents: 8,
          write(batch: Batch) {
            seen.push(...textsOf(batch));
            const verdicts = [];
            for (let index = 0; index < batch.count; index++) {
              if (decoder.decode(batch.payload(index)) !== '{"n":1}') continue;
              verdicts.push({ index, action: 1, failureClass: 1, code: 0, retryAfterMs: 0 });
            }
            return { verdicts };
          },
          close() {},
        }),
      });
      runtime.provide({
        type: "letters",
        kind: "sink",
        create: () => ({
          accepts: "values",
          write: (events: readonly Event[]) => void letters.push(...events.map(({ value }) => value as DeadLetter)),
          close() {},
        }),
      });
      const flow = await runtime.deploy({
        name: "keys",
        connectors: {
          in: { type: "in" },
          out: { type: "out" },
          ...(deadLetter === undefined ? {} : { letters: { type: "letters" } }),
        },
        links: [{
          from: "in",
          to: "out",
          buffer: { path, retry: { attempts: 2, intervalMs: 1 } },
          ...(deadLetter === undefined ? {} : { deadLetter }),
        }],
      });
      await flow.done;
      const all = [0, 1, 2].map((n) => `{"n":${n}}|key ${n}|about ${n}`);
      assertEquals(seen, [...all, all[1]!]);
      if (deadLetter !== undefined) {
        assertEquals(letters.map(({ event, key, metadata }) => ({ event, key, metadata })), [
          { event: { n: 1 }, key: btoa("key 1"), metadata: btoa("about 1") },
        ]);
        continue;
      }
      const database = new DatabaseSync(path);
      const aside = database.prepare("SELECT CAST(key AS TEXT) k, CAST(metadata AS TEXT) m FROM set_aside").all();
      database.close();
      assertEquals(aside.map(({ k, m }) => [k, m]), [["key 1", "about 1"]]);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
