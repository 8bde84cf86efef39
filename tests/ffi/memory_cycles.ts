/** Makes shared memory and gives it back, and prints how many mappings and open files that left. @module */
import { createSharedMemory } from "../../ffi/shared_memory.ts";

function leavings(): { readonly mappings: number; readonly files: number } {
  const maps = Deno.readTextFileSync("/proc/self/maps").split("\n");
  return {
    mappings: maps.filter((line) => line.includes("memfd")).length,
    files: [...Deno.readDirSync("/proc/self/fd")].length,
  };
}

// The first one loads the library that makes them.
(await createSharedMemory(1 << 20))[Symbol.dispose]();
const before = leavings();
for (let turn = 0; turn < 50; turn++) {
  using memory = await createSharedMemory(1 << 20);
  new Uint8Array(memory.buffer).fill(1);
}
// deno-lint-ignore no-console -- how it reports
console.log(JSON.stringify({ before, after: leavings() }));
