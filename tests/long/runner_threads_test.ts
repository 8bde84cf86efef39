import { runnerUnderThreadSanitizer } from "../isolation/runner_threads.ts";

Deno.test({
  name: "the runner is clean under the thread sanitizer in 50 lives of plugins that have threads",
  ignore: Deno.build.os !== "linux",
  fn: () => runnerUnderThreadSanitizer(50),
});
