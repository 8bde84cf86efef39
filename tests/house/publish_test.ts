import { assertEquals } from "@std/assert";
import { findTraces } from "../../scripts/traces/find_traces.ts";
import { MAX_BYTES, publishFindings } from "../../scripts/publish/rules.ts";

function found(files: Record<string, string | Uint8Array>): string[] {
  const encoder = new TextEncoder();
  const contents = Object.entries({ "mod.ts": "", ...files })
    .map(([path, content]) =>
      [
        path,
        typeof content === "string" ? encoder.encode(content) : content,
      ] as const
    );
  return publishFindings({
    path: "plugins/a",
    exports: { ".": "./mod.ts" },
    license: true,
    files: new Map(contents),
  }).map(({ path, line, message }) => `${path}${line === undefined ? "" : `:${line}`} ${message}`);
}

Deno.test("finds nothing in a package that can be published", () => {
  assertEquals(
    found({
      "mod.ts": `import "./b.ts"; import "jsr:@std/path@^1.0.0/posix";
        import "npm:zod@^4.1.0"; import "node:fs";
        new URL("./data/", import.meta.url); new URL("/x", "http://localhost");`,
      "b.ts": '/// <reference types="./c.d.ts" />',
      "data/a.json": "{}",
    }),
    [],
  );
});

Deno.test("refuses files and packages that are too large", () => {
  assertEquals(found({ "a.bin": new Uint8Array(MAX_BYTES + 1) }), [
    `plugins/a/a.bin ${MAX_BYTES + 1} bytes, of at most ${MAX_BYTES}`,
    `plugins/a/deno.json ${MAX_BYTES + 1} bytes, of at most ${MAX_BYTES}`,
  ]);
  const half = new Uint8Array(MAX_BYTES / 2 + 1);
  assertEquals(found({ "a.bin": half, "b.bin": half }), [
    `plugins/a/deno.json ${MAX_BYTES + 2} bytes, of at most ${MAX_BYTES}`,
  ]);
});

Deno.test("refuses paths the registry cannot hold", () => {
  assertEquals(found({ "a b.ts": "" }), [
    "plugins/a/a b.ts path has a character that cannot be published",
  ]);
  assertEquals(found({ "src/aux.ts": "" }), [
    "plugins/a/src/aux.ts path has a name Windows reserves",
  ]);
  assertEquals(found({ "a.cjs": "" }), [
    "plugins/a/a.cjs CommonJS cannot be published",
  ]);
  assertEquals(found({ "A.ts": "", "a.ts": "" }), [
    "plugins/a/a.ts differs from A.ts by case only",
  ]);
  const long = `${"n".repeat(95)}`;
  assertEquals(found({ [long]: "" }), [
    `plugins/a/${long} path or name is too long to publish`,
  ]);
});

Deno.test("refuses references and specifiers that work only here", () => {
  assertEquals(
    found({
      "mod.ts": [
        `/// <reference lib="deno.worker" />`,
        `import "https://example.com/a.ts";`,
        `import "bare";`,
        `import "jsr:@std/path";`,
        `import "npm:zod";`,
        `import "../sdk/mod.ts";`,
        `new URL("./gone.ts", import.meta.url);`,
      ].join("\n"),
    }),
    [
      "plugins/a/mod.ts:1 `/// <reference lib>` cannot be published",
      'plugins/a/mod.ts:2 "https://example.com/a.ts" cannot be published: use jsr:, npm: or node:',
      'plugins/a/mod.ts:3 no import map entry for "bare"',
      'plugins/a/mod.ts:4 "jsr:@std/path" has no version',
      'plugins/a/mod.ts:5 "npm:zod" has no version',
      'plugins/a/mod.ts:6 imports "../sdk/mod.ts", which is not published',
      'plugins/a/mod.ts:7 reaches for "./gone.ts", which is not published',
    ],
  );
});

Deno.test("refuses a package without its entry point or a license", () => {
  const findings = publishFindings({
    path: "",
    exports: { ".": "./mod.ts" },
    license: false,
    files: new Map(),
  });
  assertEquals(findings.map(({ path, message }) => `${path} ${message}`), [
    'deno.json export "." has no file ./mod.ts',
    "deno.json no license",
  ]);
});

Deno.test("finds folders of one machine and hosts of registries", () => {
  const found = (text: string) => findTraces("a.md", text).map(({ line, message }) => `${line} ${message}`);
  const folder = ["", "work", "main"].join("/");
  const home = ["", "home", "ann", "src"].join("/");
  const host = ["jsr", "io"].join(".");
  assertEquals(found(`one\nsee ${folder}/a.ts`), [
    `2 names a path of one machine: ${folder.slice(0, 7)}`,
  ]);
  assertEquals(found(`"${home}"`), [
    `1 names a path of one machine: ${home.slice(0, 11)}`,
  ]);
  assertEquals(found(`https://${host}/@std/path`), [
    `1 names the host of a registry: ${host}`,
  ]);
  assertEquals(found("docs/work/a.md ../root/b https://a.b/home/x/y work/"), []);
});
