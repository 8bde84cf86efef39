/** Asks for shared memory with an empty cache, and prints the code of the error. @module */
import { createSharedMemory } from "../../ffi/shared_memory.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";

const cacheFolder = Deno.args[0]!;
const code = await createSharedMemory(1, { cacheFolder }).then(() => "none", (error: unknown) => {
  if (!(error instanceof CaissonError)) throw error;
  return error.code;
});
// deno-lint-ignore no-console -- how it reports
console.log(JSON.stringify(code));
