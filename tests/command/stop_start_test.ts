import { assertEquals, assertStringIncludes } from "@std/assert";
import { caisson, cliArgs, inFolder, lineFlags, writeFiles } from "./cli.ts";

Deno.test(
  "a signal ends run while a connector still tries to connect",
  { ignore: Deno.build.os === "windows" },
  async () => {
    await inFolder(async (cwd) => {
      await writeFiles(cwd, {
        "flow.json": {
          name: "early",
          connectors: {
            log: {
              type: "file",
              config: { path: "later.ndjson" },
              preprocessors: ["separate"],
              reconnect: { intervalMs: 20, growth: 1 },
            },
            out: { type: "file", config: { path: "out.ndjson" } },
          },
          links: [{ from: "log", to: "out" }],
        },
      });
      const line = await caisson(["flags", "flow.json"], { cwd, flags: ["--allow-read", "--allow-write=."] });
      const { flags, words } = lineFlags(line.stdout);
      const child = new Deno.Command(Deno.execPath(), {
        args: cliArgs(words, flags),
        cwd,
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn();
      const timer = setTimeout(() => child.kill("SIGKILL"), 30_000);
      let stderr = "";
      let asked = false;
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
        stderr += text;
        if (asked || !stderr.includes("later.ndjson")) continue;
        asked = true;
        child.kill("SIGINT");
      }
      const { code, signal } = await child.status;
      clearTimeout(timer);
      assertEquals([code, signal], [1, null], stderr);
      assertStringIncludes(stderr, "reading has stopped");
    });
  },
);
