import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Batch } from "../../runtime/data/batch.ts";
import { BatchError } from "../../runtime/data/batch_error.ts";
import { createRing, RING_WORDS, type RingMemory, ringWords } from "../../runtime/data/ring.ts";
import { RingConsumer } from "../../runtime/data/ring_consumer.ts";
import { RingProducer } from "../../runtime/data/ring_producer.ts";
import { integer, seeded } from "./random.ts";

const small = { slots: 4, capacity: 4, arenaBytes: 256 };

function ends(memory: RingMemory = createRing(small)) {
  return { memory, producer: new RingProducer(memory), consumer: new RingConsumer(memory) };
}

/** Publishes one batch whose only event is `number`. */
function put(producer: RingProducer, number: number): boolean {
  const slot = producer.claim();
  if (slot === undefined) return false;
  slot.appendBytes(new Uint8Array(Uint32Array.of(number).buffer), 1);
  producer.publish();
  return true;
}

/** Waiting keeps no event loop alive, and nothing else does here. */
async function awake<T>(waiting: T | Promise<T>): Promise<T> {
  const timer = setTimeout(() => {}, 10_000);
  try {
    return await waiting;
  } finally {
    clearTimeout(timer);
  }
}

const host = Batch.allocate({ capacity: 4, arenaBytes: 256 });

function take(consumer: RingConsumer): number | undefined {
  const slot = consumer.peek();
  if (slot === undefined) return undefined;
  host.clear();
  host.absorb(slot);
  consumer.consume();
  return new Uint32Array(host.payload(0).slice().buffer)[0];
}

Deno.test("batches come out in the order they went in, whatever the interleaving", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seeded(seed);
    const { producer, consumer } = ends(createRing({ ...small, slots: 2 ** integer(random, 5) }));
    let sent = 0;
    let received = 0;
    while (received < 2000) {
      for (let turns = integer(random, 8); turns > 0; turns--) if (put(producer, sent)) sent++;
      for (let turns = integer(random, 8); turns > 0; turns--) {
        const number = take(consumer);
        if (number === undefined) break;
        assertEquals(number, received++, `seed ${seed}`);
      }
      assertEquals(producer.pending, sent - received);
    }
  }
});

Deno.test("a full ring takes nothing more until something was consumed", () => {
  const { producer, consumer } = ends();
  for (let number = 0; number < 4; number++) assert(put(producer, number));
  assert(!put(producer, 4));
  assertEquals(take(consumer), 0);
  assert(put(producer, 4));
});

Deno.test("counters wrap around at 2^32", () => {
  const memory = createRing(small);
  const words = ringWords(memory);
  words[RING_WORDS.head] = -3;
  words[RING_WORDS.tail] = -3;
  const { producer, consumer } = ends(memory);
  for (let number = 0; number < 10; number++) {
    assert(put(producer, number));
    assertEquals(take(consumer), number);
  }
});

Deno.test("a claimed slot stays the same until it is published", () => {
  const { producer, consumer } = ends();
  const slot = producer.claim();
  assert(slot !== undefined && producer.claim() === slot);
  assertEquals(consumer.available, 0);
  producer.publish();
  assertEquals(consumer.available, 1);
  producer.publish();
  assertEquals(consumer.available, 1);
});

Deno.test("a consumer that waits is woken by a batch", async () => {
  const { producer, consumer } = ends();
  const waiting = consumer.waitForBatch({ timeoutMs: 5000 });
  const timer = setTimeout(() => put(producer, 7), 5);
  assert(await awake(waiting));
  assertEquals(take(consumer), 7);
  clearTimeout(timer);
});

Deno.test("a producer that waits is woken when half of the ring is free, not for every slot", async () => {
  const { memory, producer, consumer } = ends();
  const words = ringWords(memory);
  while (put(producer, 1));
  const waiting = producer.waitForRoom({ timeoutMs: 5000 });
  const before = words[RING_WORDS.spacePosted]!;
  take(consumer);
  assertEquals(words[RING_WORDS.spacePosted], before);
  take(consumer);
  assertEquals(words[RING_WORDS.spacePosted], before + 1);
  assert(await awake(waiting));
  assertEquals(producer.pending, 2);
  assertEquals(producer.waitForRoom(), true);
});

Deno.test("a wait for answers can be told to wait for fewer", async () => {
  const { producer, consumer } = ends();
  while (put(producer, 1));
  const waiting = producer.waitUntilPending(0, { timeoutMs: 5000 });
  take(consumer);
  producer.changeWait(2);
  take(consumer);
  assert(await awake(waiting));
  assertEquals(producer.pending, 2);
});

Deno.test("batches published quietly wake nobody until the bell is rung", async () => {
  const { memory, producer, consumer } = ends();
  const words = ringWords(memory);
  const waiting = consumer.waitForBatch({ timeoutMs: 5000 });
  const before = words[RING_WORDS.dataPosted]!;
  producer.claim()!.appendBytes(new Uint8Array(4), 1);
  producer.publishQuietly();
  assertEquals(words[RING_WORDS.dataPosted], before);
  producer.ring();
  assertEquals(words[RING_WORDS.dataPosted], before + 1);
  assert(await awake(waiting));
});

Deno.test("a wait ends with its signal or its time", async () => {
  const { consumer } = ends();
  const keepAlive = setTimeout(() => {}, 10_000);
  assertEquals(await consumer.waitForBatch({ timeoutMs: 5 }), false);
  const stop = new AbortController();
  const waiting = consumer.waitForBatch({ signal: stop.signal });
  stop.abort();
  assertEquals(await awake(waiting), false);
  assertEquals(await consumer.waitForBatch({ signal: stop.signal }), false);
  clearTimeout(keepAlive);
});

Deno.test("closing wakes the other side; what was published can still be taken", async () => {
  const { producer, consumer } = ends();
  put(producer, 1);
  producer.close();
  assert(!consumer.ended);
  assertEquals(take(consumer), 1);
  assert(consumer.ended);
  assertEquals(await awake(consumer.waitForBatch()), false);
  assertEquals(producer.claim(), undefined);

  const other = ends();
  while (put(other.producer, 1));
  const waiting = other.producer.waitForRoom();
  other.consumer.close();
  assertEquals(await awake(waiting), false);
  assert(other.producer.closed);
});

Deno.test("no wake-up is sent to a side that does not wait", () => {
  const { memory, producer, consumer } = ends();
  const words = ringWords(memory);
  const before = words[RING_WORDS.dataPosted];
  for (let number = 0; number < 4; number++) {
    put(producer, number);
    take(consumer);
  }
  assertEquals(words[RING_WORDS.dataPosted], before);
});

Deno.test("impossible control words are refused by both sides", async () => {
  for (const forged of [5, 1000, -1, 0x7fffffff, -0x80000000]) {
    const { memory, producer, consumer } = ends();
    const words = ringWords(memory);
    words[RING_WORDS.head] = forged;
    assertEquals(assertThrows(() => consumer.peek(), BatchError).field, "ring.head");
    await assertRejects(async () => void await consumer.waitForBatch(), BatchError);
    words[RING_WORDS.tail] = forged;
    assertEquals(assertThrows(() => producer.claim(), BatchError).field, "ring.tail");
  }
});

Deno.test("a bell rung for nothing does not starve the event loop", async () => {
  const { memory, consumer } = ends();
  const words = ringWords(memory);
  let turns = 0;
  const ringer = setInterval(() => {
    turns++;
    Atomics.add(words, RING_WORDS.dataPosted, 1);
    Atomics.notify(words, RING_WORDS.dataPosted);
  }, 0);
  assertEquals(await consumer.waitForBatch({ timeoutMs: 60 }), false);
  clearInterval(ringer);
  assert(turns > 5);
});

Deno.test("dimensions out of bounds are refused", () => {
  for (
    const [field, options] of [
      ["ring.slots", { slots: 3 }],
      ["ring.slots", { slots: 2048 }],
      ["ring.capacity", { capacity: 0 }],
      ["ring.arenaBytes", { arenaBytes: 100 }],
    ] as const
  ) assertEquals(assertThrows(() => createRing(options), BatchError).field, field);
  const memory = createRing(small);
  assertEquals(
    assertThrows(() => new RingConsumer({ ...memory, slots: 8 }), BatchError).field,
    "ring.buffer",
  );
});
