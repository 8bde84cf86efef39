import { assertEquals } from "@std/assert";
import { moduleGraph } from "../../scripts/boundaries/module_graph.ts";
import { boundaryFindings } from "../../scripts/boundaries/rules.ts";

function found(sources: Record<string, string>): string[] {
  return boundaryFindings(moduleGraph(new Map(Object.entries(sources))))
    .map(({ path, line, severity, message }) =>
      `${severity} ${path}${line === undefined ? "" : `:${line}`} ${message}`
    );
}

const BATCH = { "runtime/data/batch.ts": "export const a = 1;" };

Deno.test("finds nothing in a house that keeps its walls", () => {
  assertEquals(
    found({
      ...BATCH,
      "runtime/world.ts":
        `import { a } from "./data/batch.ts"; import "zod"; import "../permissions/grants.ts"; import type { P } from "@caisson/plugin";`,
      "permissions/grants.ts": `import "../runtime/errors/codes.ts";`,
      "plugins/webhook/mod.ts": `import type { Plugin } from "@caisson/plugin"; import "./send.ts";`,
      "plugins/sdk/mod.ts": `import type { A } from "./a.ts";`,
      "mod.ts": `export { a } from "./runtime/data/batch.ts";`,
      "main.ts": `import { a } from "./mod.ts"; import "./runtime/command/run.ts";`,
      "demo/flow.ts": `import { a } from "../mod.ts";`,
    }),
    [],
  );
});

Deno.test("refuses an import out of the data plane, also of types", () => {
  assertEquals(
    found({
      "runtime/data/ring.ts": `import "./batch.ts";\nimport type { A } from "../errors/codes.ts";`,
    }),
    [
      "error runtime/data/ring.ts:2 runtime/data/ imports nothing of ours but itself, found runtime/errors/codes.ts",
    ],
  );
});

Deno.test("refuses flows in permissions", () => {
  for (const folder of ["flow", "connector", "pipeline"]) {
    assertEquals(
      found({
        "permissions/grants.ts": `import type { A } from "../runtime/${folder}/a.ts";`,
      }),
      [
        `error permissions/grants.ts:1 permissions/ knows nothing of flows, found runtime/${folder}/a.ts`,
      ],
    );
  }
});

Deno.test("refuses a plugin that imports more than types of the SDK", () => {
  assertEquals(
    found({
      "plugins/webhook/mod.ts": [
        `import { x } from "@caisson/plugin";`,
        `import "../metronome/mod.ts";`,
        `import "../../runtime/world.ts";`,
        `import "zod";`,
        `import "node:fs";`,
      ].join("\n"),
    }),
    [
      "error plugins/webhook/mod.ts:1 a plugin imports types only from @caisson/plugin: use `import type`",
      "error plugins/webhook/mod.ts:2 a plugin imports only its own files, found plugins/metronome/mod.ts",
      "error plugins/webhook/mod.ts:3 a plugin imports only its own files, found runtime/world.ts",
      "error plugins/webhook/mod.ts:4 a plugin imports only @caisson/plugin, found zod",
      "error plugins/webhook/mod.ts:5 a plugin imports only @caisson/plugin, found node:fs",
    ],
  );
});

Deno.test("refuses an SDK that imports anything", () => {
  assertEquals(
    found({ "plugins/sdk/mod.ts": `import "zod";` }),
    [
      "error plugins/sdk/mod.ts:1 plugins/sdk imports only its own files, found zod",
    ],
  );
});

Deno.test("refuses a core that needs what is built around it", () => {
  assertEquals(
    found({
      "runtime/world.ts": [
        `import "../mod.ts";`,
        `import "../plugins/webhook/mod.ts";`,
        `import { a } from "@caisson/plugin";`,
        `import "@caisson/runtime";`,
        `import "../scripts/test.ts";`,
      ].join("\n"),
    }),
    [
      "error runtime/world.ts:1 runtime/, permissions/ and ffi/ import only one another, found mod.ts",
      "error runtime/world.ts:2 runtime/, permissions/ and ffi/ import only one another, found plugins/webhook/mod.ts",
      "error runtime/world.ts:3 the core imports no package of ours but types of @caisson/plugin, found @caisson/plugin",
      "error runtime/world.ts:4 the core imports no package of ours but types of @caisson/plugin, found @caisson/runtime",
      "error runtime/world.ts:5 runtime/, permissions/ and ffi/ import only one another, found scripts/test.ts",
    ],
  );
});

Deno.test("refuses a core that knows its command line", () => {
  assertEquals(
    found({
      "runtime/command/commands.ts": `import "./run.ts"; import "../world.ts";`,
      "permissions/grants.ts": `import "../runtime/command/run.ts";`,
    }),
    ["error permissions/grants.ts:1 only main.ts imports the command line, found runtime/command/run.ts"],
  );
});

Deno.test("refuses programs that reach past mod.ts", () => {
  for (const path of ["main.ts", "demo/flow.ts", "docs/example.ts"]) {
    const up = path.includes("/") ? ".." : ".";
    assertEquals(
      found({ [path]: `import "${up}/runtime/world.ts";` }),
      [
        `error ${path}:1 outside the core, import mod.ts only, found runtime/world.ts`,
      ],
    );
  }
});

Deno.test("refuses a cycle, and counts neither types nor import()", () => {
  const cycle = {
    "runtime/a.ts": `import "./b.ts";`,
    "runtime/b.ts": `import "./c.ts";`,
    "runtime/d.ts": `import "./a.ts";`,
  };
  assertEquals(
    found({ ...cycle, "runtime/c.ts": `export { a } from "./a.ts";` }),
    [
      "error runtime/a.ts import cycle: runtime/a.ts, runtime/b.ts, runtime/c.ts",
    ],
  );
  assertEquals(
    found({ ...cycle, "runtime/c.ts": `import type { A } from "./a.ts";` }),
    [],
  );
  assertEquals(
    found({ ...cycle, "runtime/c.ts": `await import("./a.ts");` }),
    [],
  );
  assertEquals(found({ "runtime/a.ts": `import "./a.ts";` }), [
    "error runtime/a.ts import cycle: runtime/a.ts",
  ]);
});

Deno.test("notes a long file and refuses a longer one", () => {
  const lines = (count: number) => "//\n".repeat(count);
  assertEquals(
    found({
      "runtime/a.ts": lines(250),
      "runtime/b.ts": lines(251),
      "runtime/c.ts": lines(350),
      "runtime/d.ts": lines(351),
    }),
    [
      "note runtime/b.ts 251 lines, of at most 350: one file does one thing",
      "note runtime/c.ts 350 lines, of at most 350: one file does one thing",
      "error runtime/d.ts 351 lines, of at most 350: one file does one thing",
    ],
  );
});
