import { assertEquals } from "@std/assert";
import style from "../../scripts/lint/style.ts";

function findings(file: string, source: string): string[] {
  return Deno.lint.runPlugin(style, file, source)
    .map(({ id }) => id.replace("caisson/", ""));
}

const RULES: {
  rule: string;
  source: string;
  refused: string[];
  allowed: string[];
}[] = [
  {
    rule: "worker-in-one-place",
    source: `new Worker(url, { type: "module" });`,
    refused: [
      "runtime/isolation/worker.ts",
      "tests/flow/a_test.ts",
      "bench/a.ts",
    ],
    allowed: ["runtime/isolation/start_worker.ts", "tests/isolation/a_test.ts"],
  },
  {
    rule: "worker-in-one-place",
    source: `new globalThis.Worker(url);`,
    refused: ["runtime/world.ts"],
    allowed: ["runtime/isolation/start_worker.ts"],
  },
  {
    rule: "dlopen-in-ffi",
    source: `Deno.dlopen(path, {});`,
    refused: ["runtime/isolation/native.ts", "tests/flow/a_test.ts"],
    allowed: ["ffi/loader.ts", "tests/ffi/loader_test.ts"],
  },
  {
    rule: "dlopen-in-ffi",
    source: `const { dlopen } = Deno;`,
    refused: ["main.ts"],
    allowed: ["ffi/loader.ts"],
  },
  {
    rule: "dlopen-in-ffi",
    source: `globalThis["Deno"]["dlopen"](path, {});`,
    refused: ["plugins/metronome/mod.ts"],
    allowed: ["ffi/loader.ts"],
  },
  {
    rule: "tests-share-the-process",
    source: `Deno.env.set("PATH", "/nowhere");`,
    refused: ["tests/flow/a_test.ts"],
    allowed: ["tests/flow/a.ts", "main.ts"],
  },
  {
    rule: "tests-share-the-process",
    source: `for (const name of names) Deno.env.delete(name);`,
    refused: ["tests/flow/a_test.ts"],
    allowed: [],
  },
  {
    rule: "tests-share-the-process",
    source: `Deno.chdir(folder);`,
    refused: ["tests/flow/a_test.ts"],
    allowed: [],
  },
  {
    rule: "tests-share-the-process",
    source: `Deno.env.set("CAISSON_TEST_SECRET", "own"); new Map().set("PATH", 1);`,
    refused: [],
    allowed: ["tests/flow/a_test.ts"],
  },
  {
    rule: "no-bare-error",
    source: `function f() { throw new Error("no"); }`,
    refused: [
      "runtime/world.ts",
      "permissions/grants.ts",
      "ffi/a.ts",
      "main.ts",
    ],
    allowed: [
      "scripts/test.ts",
      "tests/flow/a_test.ts",
      "plugins/webhook/mod.ts",
    ],
  },
  {
    rule: "no-bare-error",
    source: `Promise.reject(Error("no"));`,
    refused: ["runtime/world.ts"],
    allowed: ["scripts/test.ts"],
  },
  {
    rule: "prefer-private-field",
    source: `class A { private a = 1; }`,
    refused: ["runtime/world.ts", "scripts/test.ts"],
    allowed: [],
  },
  {
    rule: "prefer-private-field",
    source: `class A { private a() {} }`,
    refused: ["runtime/world.ts"],
    allowed: [],
  },
  {
    rule: "no-update-across-await",
    source: `async function f(sums) { sums.a += 1 + await g(); }`,
    refused: ["runtime/world.ts", "scripts/test.ts"],
    allowed: [],
  },
  {
    rule: "no-update-across-await",
    source: `async function f(a) { a.b ??= g(async () => await h()); a.c = await g(); let d = 0; d += await g(); }`,
    refused: [],
    allowed: ["runtime/world.ts"],
  },
  {
    rule: "no-export-all",
    source: `export * from "./a.ts";`,
    refused: ["mod.ts", "plugins/sdk/mod.ts"],
    allowed: [],
  },
  {
    rule: "no-default-export",
    source: `export default {};`,
    refused: ["runtime/world.ts", "mod.ts"],
    allowed: ["plugins/webhook/mod.ts", "demo/flow.ts"],
  },
];

for (const { rule, source, refused, allowed } of RULES) {
  Deno.test(`${rule} finds ${source}`, () => {
    for (const file of refused) assertEquals(findings(file, source), [rule]);
    for (const file of allowed) assertEquals(findings(file, source), []);
  });
}

Deno.test("the rules accept what they ask for", () => {
  const source = `
    class Closed {
      #count = 0;
      private constructor() {}
      read(): number {
        throw new CaissonError("CAISSON_FLOW_UNKNOWN");
      }
    }
    export { Closed };
    startWorker(url);
  `;
  assertEquals(findings("runtime/closed.ts", source), []);
});
