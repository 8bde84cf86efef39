import { runnerUnderThreadSanitizer } from "./runner_threads.ts";

Deno.test({
  name: "the runner is clean under the thread sanitizer, with plugins that have threads",
  // The sanitizers' runtimes come with the compiler on Linux; elsewhere their flags differ.
  ignore: Deno.build.os !== "linux",
  fn: () => runnerUnderThreadSanitizer(1),
});
