import { assertEquals } from "@std/assert";
import { reconnectWaits, type ReconnectWaitsOptions } from "../../runtime/connector/reconnect_waits.ts";

function waits(options: ReconnectWaitsOptions, most = 6): number[] {
  return [...reconnectWaits(options).take(most)];
}

Deno.test("none: no second attempt at the start, one after a second for a connection that was lost", () => {
  for (const reconnect of ["none", undefined] as const) {
    assertEquals(waits({ reconnect, connectedBefore: false }), []);
    assertEquals(waits({ reconnect, connectedBefore: true }), [1000]);
  }
});

Deno.test("retry: the interval grows by the factor, up to the longest, as often as allowed", () => {
  const connectedBefore = false;
  assertEquals(waits({ reconnect: { intervalMs: 100 }, connectedBefore }, 4), [100, 150, 225, 337.5]);
  assertEquals(waits({ reconnect: { intervalMs: 100, growth: 1, maxRetries: 2 }, connectedBefore }), [100, 100]);
  assertEquals(
    waits({ reconnect: { intervalMs: 10, growth: 10, maxIntervalMs: 500, maxRetries: 4 }, connectedBefore }),
    [
      10,
      100,
      500,
      500,
    ],
  );
  assertEquals(waits({ reconnect: { intervalMs: 10, maxRetries: 0 }, connectedBefore }), []);
});

Deno.test("randomized: between the wait and the next one, never beyond the longest", () => {
  const reconnect = { intervalMs: 100, growth: 2, maxIntervalMs: 300, randomized: true, maxRetries: 3 };
  assertEquals(waits({ reconnect, connectedBefore: false, random: () => 0 }), [100, 200, 300]);
  assertEquals(waits({ reconnect, connectedBefore: false, random: () => 0.5 }), [150, 300, 300]);
});
