import { assertEquals } from "@std/assert";
import { sleep } from "../../runtime/connector/sleep.ts";

for (const milliseconds of [2 ** 31, 1e15, Infinity]) {
  Deno.test(`a wait of ${milliseconds} ms is long, not over at once`, async () => {
    const stop = new AbortController();
    let over = false;
    const sleeping = sleep(milliseconds, stop.signal).then(() => over = true);
    await sleep(30, new AbortController().signal);
    assertEquals(over, false);
    stop.abort();
    await sleeping;
  });
}
