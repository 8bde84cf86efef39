import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { findCompiler } from "../../ffi/compiler.ts";
import { INCLUDE, run, STRICT } from "./compile.ts";

const HERE = fromFileUrl(new URL("harness/", import.meta.url));
const RUNNER = fromFileUrl(new URL("../../ffi/runner/", import.meta.url));

/** Programs with threads, what each is linked with, and its arguments. */
const PROGRAMS = [
  {
    name: "ring_threads",
    what: "both ends of a ring",
    files: ["ring.c", "slot.c", "fault.c", "platform_posix.c"],
    args: ["200000"],
  },
  { name: "log_threads", what: "eight threads that log and a host that reads", files: [], args: ["8", "20000"] },
] as const;

for (const sanitizer of ["address,undefined", "thread"]) {
  for (const { name, what, files, args } of PROGRAMS) {
    Deno.test({
      name: `${what} agree on threads of one process, sanitizers ${sanitizer}`,
      ignore: Deno.build.os !== "linux",
      async fn() {
        const folder = await Deno.makeTempDir();
        try {
          const program = join(folder, name);
          const { command } = await findCompiler();
          await run([
            ...command,
            ...STRICT,
            "-g",
            "-O1",
            `-fsanitize=${sanitizer}`,
            "-fno-sanitize-recover=all",
            `-I${fromFileUrl(INCLUDE)}`,
            join(HERE, `${name}.c`),
            ...files.map((file) => join(RUNNER, file)),
            "-lpthread",
            "-ldl",
            "-o",
            program,
          ]);
          const said = await run([program, ...args]);
          assertEquals(said.trimEnd().split("\n").at(-1), "ok");
        } finally {
          await Deno.remove(folder, { recursive: true });
        }
      },
    });
  }
}
