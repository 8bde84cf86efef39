/** A flow that looks up in a SQLite file runs with the line that `flags` prints. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { SqliteStore } from "../../mod.ts";
import { caisson, inFolder, lineFlags, writeFiles } from "./cli.ts";

Deno.test("flags names the file an enrich step looks up in, and the flow runs with its line", () =>
  inFolder(async (cwd) => {
    {
      using store = new SqliteStore(`${cwd}/names.db`);
      store.set("17", "Tea Room");
    }
    await writeFiles(cwd, {
      "in.ndjson": '{"customer":17}\n',
      "flow.json": {
        name: "look-up",
        connectors: {
          in: { type: "file", config: { path: "in.ndjson" }, preprocessors: ["separate"] },
          out: { type: "stdio", postprocessors: ["separate"] },
        },
        pipelines: { main: [{ enrich: { key: ["field", "customer"], store: "names.db", as: "name" } }] },
        links: [{ from: "in", to: "main" }, { from: "main", to: "out" }],
      },
    });
    const line = await caisson(["flags", "flow.json"], { cwd, flags: ["--allow-read"] });
    assertEquals(line.code, 0, line.stderr);
    assertStringIncludes(line.stdout, "--allow-write=names.db");
    const { flags, words } = lineFlags(line.stdout);
    const run = await caisson(words, { cwd, flags });
    assertEquals(run.stdout, '{"customer":17,"name":"Tea Room"}\n', run.stderr);
  }));
