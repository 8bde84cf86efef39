import { assertEquals } from "@std/assert";
import { Restarts } from "../../runtime/isolation/restarts.ts";
import { Watchdog, type WatchdogOptions } from "../../runtime/isolation/watchdog.ts";

interface Watched extends Disposable {
  readonly found: string[];
  readonly dog: Watchdog;
}

function watch(options: Partial<WatchdogOptions> = {}): Watched {
  const found: string[] = [];
  const dog = new Watchdog({
    slotMs: 80,
    batchMs: 80,
    memoryBytes: Infinity,
    resident: () => 0,
    busy: () => false,
    ping: () => {},
    onLate: (text) => found.push(text),
    onMemory: (text) => found.push(text),
    onBroken: (thrown) => found.push(String(thrown)),
    ...options,
  });
  return { found, dog, [Symbol.dispose]: () => dog.stop() };
}

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

Deno.test("a process that is silent is late, one that answers is not", async () => {
  using silent = watch();
  using lively = watch({ ping: (heard) => heard() });
  await pause(200);
  assertEquals(silent.found[0], "no sign of life for 80 ms");
  assertEquals(lively.found, []);
});

Deno.test("batches that are given back are a sign of life, one that is not is late however lively the process", async () => {
  using working = watch();
  let done = 0;
  working.dog.watch(() => ({ pending: 1, done: done++ }));
  using stuck = watch({ batchMs: 150, ping: (heard) => heard() });
  stuck.dog.watch(() => ({ pending: 2, done: 0 }));
  assertEquals(stuck.dog.doing, "with 2 batches in flight");
  await pause(250);
  assertEquals(working.found, []);
  assertEquals(stuck.found[0], "no progress on a batch for 150 ms, though it answers");
});

Deno.test("a host that stood still blames nobody for its own silence", async () => {
  using silent = watch({ slotMs: 400, batchMs: 400 });
  silent.dog.watch(() => ({ pending: 1, done: 0 }));
  await pause(60);
  for (const until = performance.now() + 700; performance.now() < until;);
  await pause(100);
  assertEquals(silent.found, []);
});

Deno.test("words in shared memory that cannot be are told, not thrown", async () => {
  using broken = watch();
  broken.dog.watch(() => {
    throw new RangeError("forged");
  });
  await pause(50);
  assertEquals(broken.found[0], "RangeError: forged");
  assertEquals(broken.dog.doing, "outside of any call");
});

Deno.test("waits before restarts double up to a limit, restarts are counted for a while", () => {
  const restarts = new Restarts({ firstMs: 100, maxMs: 500, max: 4, windowMs: 1000 });
  assertEquals([0, 1, 2, 3].map((time) => restarts.next(time)), [100, 200, 400, 500]);
  assertEquals(restarts.next(4), undefined);
  assertEquals(restarts.next(1001), 400);
});
