import { assertEquals, assertThrows } from "@std/assert";
import { builtins } from "../../../runtime/connector/builtin/builtins.ts";
import { CaissonError } from "../../../runtime/errors/caisson_error.ts";
import { configSchemaProblem } from "../../../runtime/manifest/config_schema.ts";
import { contextFor } from "./part_context.ts";

Deno.test("every builtin has a schema that plugins could have too", () => {
  for (const { type, kind, configSchema } of builtins) {
    assertEquals(configSchemaProblem(configSchema), undefined, `${type} ${kind}`);
  }
});

Deno.test("builtins fill in defaults and refuse options they do not know", () => {
  assertEquals(contextFor("file", "source", { path: "a" }).config, {
    path: "a",
    chunk_bytes: 262144,
    follow: false,
    from: "start",
    look_ms: 100,
  });
  assertEquals(contextFor("file", "sink", { path: "a" }).config, { path: "a", mode: "write", sync: "never" });
  assertEquals(contextFor("stdio", "sink", {}).config, { stream: "stdout" });
  const refused: [string, "source" | "sink", Record<string, unknown>][] = [
    ["file", "source", {}],
    ["file", "source", { path: "a", follow: "yes" }],
    ["file", "source", { path: "a", chunk_bytes: 0 }],
    ["file", "sink", { path: "a", mode: "truncate" }],
    ["stdio", "source", { stream: "stdin" }],
    ["stdio", "sink", { stream: "stdin" }],
    ["sqlite", "sink", { path: "a", table: "t" }],
    ["sqlite", "sink", { path: "a", table: "t", columns: [] }],
    ["sqlite", "sink", { path: "a", table: "t", columns: { a: { type: "TEXT); DROP TABLE t; --" } } }],
    ["sqlite", "sink", { path: "a", table: "t", columns: { a: { field: "a", sql: "x" } } }],
  ];
  for (const [type, kind, config] of refused) {
    const error = assertThrows(() => contextFor(type, kind, config), CaissonError);
    assertEquals(error.code, "CAISSON_CONFIG_INVALID", JSON.stringify(config));
  }
});

Deno.test("builtins say which paths the host must be allowed to use", () => {
  const needs = (type: string, kind: "source" | "sink", config: Record<string, unknown>): unknown =>
    builtins.find((builtin) => builtin.type === type && builtin.kind === kind)!.needs(config);
  assertEquals(needs("file", "source", { path: "in.log" }), { read: ["in.log"] });
  assertEquals(needs("file", "sink", { path: "out.log" }), { write: ["out.log"] });
  assertEquals(needs("sqlite", "sink", { path: "out.db" }), { read: ["out.db"], write: ["out.db"] });
  assertEquals(needs("sqlite", "sink", { path: ":memory:" }), {});
  assertEquals([needs("stdio", "source", {}), needs("stdio", "sink", {})], [{}, {}]);
});
