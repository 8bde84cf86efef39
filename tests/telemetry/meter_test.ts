import { assert, assertEquals } from "@std/assert";
import { Meter } from "../../runtime/telemetry/meter.ts";

Deno.test("a meter says how many events a second, since the start and of late", () => {
  let now = 5000;
  const meter = new Meter(() => now);
  assertEquals(meter.read().eventsPerSecond, 0);
  meter.in += 1000;
  now += 1000;
  assertEquals(meter.read().recentPerSecond, 1000);
  meter.in += 100;
  meter.out = 900;
  meter.dropped = 150;
  meter.failed = 50;
  now += 1000;
  const { residentBytes, ...counted } = meter.read();
  assertEquals(counted, {
    in: 1100,
    out: 900,
    dropped: 150,
    failed: 50,
    seconds: 2,
    eventsPerSecond: 550,
    recentPerSecond: 100,
  });
  assert(residentBytes > 1 << 20);
});
