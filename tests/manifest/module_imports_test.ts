import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { moduleImports } from "../../runtime/manifest/module_imports.ts";

async function specifiers(source: string, extension = ".ts"): Promise<string[]> {
  return (await moduleImports(source, `mod${extension}`, extension)).map((each) => each.specifier);
}

for (
  const [what, source, expected] of [
    ["types only", 'import type { A } from "npm:a"; export type { B } from "./b.ts"; type C = import("npm:c").C;', []],
    ["values and types of one module", 'import { a, type B } from "./b.ts"; a;', ["./b.ts"]],
    ["an import whose names are all types", 'import { type A } from "npm:a";', ["npm:a"]],
    ["an import for its effect", 'import "./effect.ts";', ["./effect.ts"]],
    ["re-exports", 'export * from "./a.ts"; export * as n from "./b.ts"; export { c } from "./c.ts";', [
      "./a.ts",
      "./b.ts",
      "./c.ts",
    ]],
    ["a specifier with escapes", 'import "\\u006epm:evil";', ["npm:evil"]],
    ["dynamic imports of literals", "import('./a.ts'); import(`./b.ts`); import(/* c */ \"./c.ts\");", [
      "./a.ts",
      "./b.ts",
      "./c.ts",
    ]],
    ["computed dynamic imports", 'declare const a: string; import(a); import(`./${a}.ts`); import("x" + a);', []],
    ["import.meta", "export const u: string = import.meta.url;", []],
    [
      "imports in texts, comments, templates and patterns",
      [
        'const a = "import \'npm:a\'"; // import "npm:b"',
        "/* import 'npm:c' */ const d = `import 'npm:d' ${`import 'npm:e'`}`;",
        "const r = /import \"npm:f\"/; const g = a / 2; if (a) /import 'npm:h'/.test(d);",
      ].join("\n"),
      [],
    ],
    [
      "generics, assertions and template types",
      [
        "const f = <T extends string = `a${string}`>(a: T): a is T => true;",
        'const s = f<"import \'npm:a\'">("x" as `a`)! satisfies unknown;',
        "const less = 1 < 2, more = 3 > (4 as number);",
        "abstract class C<in out T> { declare x: T; protected abstract y?: Map<string, Array<T>>; accessor z = 1; }",
        'import { q } from "./q.ts"; function over(a: 1): 1; function over(a: unknown) { return a as 1; } q;',
      ].join("\n"),
      ["./q.ts"],
    ],
    [
      "code after a division that looks like a pattern",
      'const a = 4, b = 2; const c = a / b; import("./x.ts"); a / 1;',
      [
        "./x.ts",
      ],
    ],
    ["a line with a shebang", '#!/usr/bin/env deno\nimport "./a.ts";', ["./a.ts"]],
    ["deferred imports", 'import defer * as d from "./d.ts"; d;', ["./d.ts"]],
  ] as [string, string, string[]][]
) {
  Deno.test(`lists what would be loaded: ${what}`, async () => assertEquals(await specifiers(source), expected));
}

Deno.test("lists what JavaScript would load", async () => {
  assertEquals(await specifiers('import a from "./a.js"; const b = x < y > (z); import("./c.js");', ".js"), [
    "./a.js",
    "./c.js",
  ]);
});

Deno.test("finds the line of an import behind types", async () => {
  const source = 'type A = {\n  b: string;\n};\n\n  import { c } from "npm:c"; c;';
  const [found] = await moduleImports(source, "mod.ts", ".ts");
  assertEquals([found?.line, found?.column], [5, 3]);
});

Deno.test("reads the type of data imports", async () => {
  const source = 'import a from "./a.json" with { type: "json" }; import("./b.txt", { with: { type: "text" } }); a;';
  assertEquals((await moduleImports(source, "mod.ts", ".ts")).map((each) => each.type), ["json", "text"]);
});

for (
  const [what, source, place, found] of [
    ["code that does not parse", "\nlet a = ;", ":2:", "xpression"],
    ["an enum", "export enum A { B }", ":1:8", "enum"],
    ["a namespace", "namespace A { export const b = 1; }", ":1:1", "namespace"],
    ["a parameter property", "class A { constructor(private a: 1) {} }", ":1:31", "parameter property"],
    ["a decorator", "@d class A {}", "mod.ts", "decorator"],
    ["an import of CommonJS", 'import fs = require("node:fs");', ":1:1", "import equals"],
    ["JSX", "const a = <div/>;", "mod.ts", ""],
  ] as const
) {
  Deno.test(`refuses a module with ${what}`, async () => {
    const error = await assertRejects(() => moduleImports(source, "mod.ts", ".ts"), CaissonError);
    assertEquals(error.code, "CAISSON_MODULE_SYNTAX");
    assertStringIncludes(error.subject, place);
    assertStringIncludes(error.found, found);
    assertStringIncludes(error.action, "erasableSyntaxOnly");
  });
}

Deno.test("refuses JavaScript that does not parse, with its place", async () => {
  const error = await assertRejects(() => moduleImports('\nlet a = "x', "mod.js", ".js"), CaissonError);
  assertEquals(error.code, "CAISSON_MODULE_SYNTAX");
  assertStringIncludes(error.subject, "mod.js:2:");
});

Deno.test("finds every static import of this repository's own modules, as Deno does", async () => {
  const root = new URL("../../", import.meta.url);
  const entry = new URL("runtime/manifest/module_graph.ts", root);
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-lock", "--no-remote", "--no-npm", entry.href],
    stderr: "null",
  }).output();
  assertEquals(success, true);
  interface Module {
    readonly specifier: string;
    readonly dependencies?: readonly { readonly specifier: string; readonly code?: unknown }[];
  }
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: Module[] };
  const own = modules.filter(({ specifier }) => specifier.startsWith(root.href));
  assertEquals(own.length > 10, true);
  for (const { specifier, dependencies = [] } of own) {
    const source = await Deno.readTextFile(new URL(specifier));
    const code = dependencies.filter((each) => each.code !== undefined).map((each) => each.specifier);
    assertEquals([...new Set(await specifiers(source))].sort(), code.sort(), specifier);
  }
});
