import { assertEquals } from "@std/assert";
import { scanImports } from "../../scripts/imports/scan_imports.ts";
import { gitIgnores, pathPattern } from "../../scripts/packages/path_pattern.ts";
import { unfurl } from "../../scripts/packages/unfurl.ts";

function kinds(source: string): string[] {
  return scanImports(source).map(({ kind, specifier, exportsAll }) => `${kind} ${specifier}${exportsAll ? " *" : ""}`);
}

Deno.test("finds every form of import", () => {
  const source = `
import "./effect.ts";
import one from "./one.ts";
import * as two from './two.ts';
import three, { type A, b as c } from "./three.ts";
import type { D } from "./four.ts";
import type from "./five.ts";
import type E, { type F } from "./six.ts";
import data from "./data.json" with { type: "json" };
export { g } from "./seven.ts";
export type { H } from "./eight.ts";
export * from "./nine.ts";
export * as ten from "./ten.ts";
type I = typeof import("./eleven.ts");
const j = await import("./twelve.ts");
`;
  assertEquals(kinds(source), [
    "static ./effect.ts",
    "static ./one.ts",
    "static ./two.ts",
    "static ./three.ts",
    "type ./four.ts",
    "static ./five.ts",
    "type ./six.ts",
    "static ./data.json",
    "static ./seven.ts",
    "type ./eight.ts",
    "static ./nine.ts *",
    "static ./ten.ts *",
    "type ./eleven.ts",
    "dynamic ./twelve.ts",
  ]);
});

Deno.test("takes no import out of comments, strings, templates and patterns", () => {
  const source = `
/** @example
 * import { a } from "./a.ts"; */
// import "./b.ts";
const c = "import './c.ts'";
const d = \`import "./d.ts"; \${ { e: \`\${1}import "./e.ts"\` }.e }\`;
const f = /import "f"/;
const g = 4 / 2; const h = "from"; export const i = h / g;
export function from() { return "./j.ts"; }
console.log(import.meta.url, from, "./k.ts", object.import("./l.ts"));
import "./real.ts";
`;
  assertEquals(kinds(source), ["static ./real.ts"]);
});

Deno.test("finds imports within a template's expressions", () => {
  assertEquals(kinds("`${await import('./a.ts')}`"), ["dynamic ./a.ts"]);
});

Deno.test("gives bare names their full specifier and leaves the rest alone", () => {
  const names = new Map([["@std/path", "jsr:@std/path@^1.0.0"], [
    "zod",
    "npm:zod@^4.1.0",
  ]]);
  const source = `// import "zod";
import { join } from "@std/path";
import { posix } from "@std/path/posix";
import "./zod";
import type { z } from 'zod';
const template = \`import "zod";\`;
`;
  assertEquals(
    unfurl(source, names),
    `// import "zod";
import { join } from "jsr:@std/path@^1.0.0";
import { posix } from "jsr:@std/path@^1.0.0/posix";
import "./zod";
import type { z } from 'npm:zod@^4.1.0';
const template = \`import "zod";\`;
`,
  );
});

Deno.test("a path pattern covers what it names and all below", () => {
  const covers = (glob: string, path: string) => pathPattern(glob).test(path);
  assertEquals(covers("runtime", "runtime/data/batch.ts"), true);
  assertEquals(covers("./runtime/", "runtime/data/batch.ts"), true);
  assertEquals(covers("runtime", "runtime_old/batch.ts"), false);
  assertEquals(covers("**/dist", "plugins/a/dist/plugin.json"), true);
  assertEquals(covers("**/dist", "plugins/a/distance.ts"), false);
  assertEquals(covers("*.{ts,js}", "mod.ts"), true);
  assertEquals(covers("*.{ts,js}", "a/mod.ts"), false);
  assertEquals(covers(".", "anything"), true);
});

Deno.test("the last matching line of a .gitignore decides", () => {
  const lines = ["# comment", "", "*.so", "/npm/", "dist/", "!keep/a.so"];
  assertEquals(gitIgnores(lines, "a/b.so"), true);
  assertEquals(gitIgnores(lines, "keep/a.so"), false);
  assertEquals(gitIgnores(lines, "npm/a"), true);
  assertEquals(gitIgnores(lines, "a/npm/b"), false);
  assertEquals(gitIgnores(lines, "a/dist/b"), true);
  assertEquals(gitIgnores(lines, "a/b.ts"), false);
});
