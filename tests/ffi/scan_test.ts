import { assertEquals } from "@std/assert";
import { acquireAdapter } from "../../ffi/adapter.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { BatchError } from "../../runtime/data/batch_error.ts";
import type { RecordScan } from "../../runtime/data/batch_check.ts";
import { integer, seeded } from "../data/random.ts";

function verdict(batch: Batch, scan?: RecordScan): string {
  try {
    batch.validate(scan);
    return "good";
  } catch (error) {
    if (!(error instanceof BatchError)) throw error;
    return error.message;
  }
}

Deno.test("records are judged alike in C and in JavaScript, whatever a plugin wrote into them", async () => {
  const adapter = await acquireAdapter();
  try {
    let refused = 0;
    const values = [0, 1, 15, 16, 17, 64, 4095, 4096, 4097, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff];
    for (let seed = 1; seed <= 2000; seed++) {
      const random = seeded(seed);
      const batch = Batch.allocate({ capacity: 40, arenaBytes: 4096 });
      const outside = batch.addSegment(new Uint8Array(64));
      for (let index = 0; index < 40; index++) {
        if (random() < 0.2) batch.append(outside, integer(random, 32), integer(random, 32), 1);
        else batch.appendBytes(new Uint8Array(integer(random, 60)), 1);
      }
      for (let damage = integer(random, 3); damage > 0; damage--) {
        // Words 4 to 11 are those that say where something lies.
        batch.words[batch.recordAt(integer(random, 40)) + 4 + integer(random, 8)] =
          values[integer(random, values.length)]!;
      }
      const found = verdict(batch);
      assertEquals(verdict(batch, adapter.scan), found, `seed ${seed}`);
      if (found !== "good") refused++;
    }
    assertEquals(refused > 500 && refused < 1900, true, `${refused} of 2000 refused`);
  } finally {
    adapter.close();
  }
});
