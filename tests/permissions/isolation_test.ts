import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { PluginIsolation } from "../../permissions/grants.ts";
import { chooseIsolation, possibleIsolation } from "../../permissions/isolation.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import type { Manifest } from "../../runtime/manifest/manifest.ts";
import { manifest } from "../manifest/plugin_folder.ts";

const all: PluginIsolation[] = ["worker", "guard", "native", "runner"];
const file = "caisson.grants.json";

function plugin(language: "ts" | "native", isolation?: Manifest["isolation"]): Manifest {
  const native = { module: undefined, native: { abi: "1.0" } };
  return manifest({ ...(language === "native" ? native : {}), isolation }) as unknown as Manifest;
}

for (
  const [language, bears, granted, available, expected] of [
    ["ts", undefined, undefined, all, "guard"],
    ["native", undefined, undefined, all, "runner"],
    ["ts", "either", "worker", all, "worker"],
    ["native", "either", "native", all, "native"],
    ["ts", "own-process", undefined, all, "guard"],
    ["ts", "in-process", "worker", all, "worker"],
    ["ts", undefined, "worker", ["worker"], "worker"],
  ] as const
) {
  Deno.test(`a ${language} plugin that bears ${bears}, granted ${granted} of ${available}, runs as ${expected}`, () => {
    const grant = granted === undefined ? undefined : { isolation: granted };
    assertEquals(chooseIsolation(plugin(language, bears), grant, file, available), expected);
  });
}

for (
  const [language, bears, granted, available, found, advice] of [
    ["ts", undefined, undefined, ["worker", "native"], "guard is not available", '"isolation": "worker"'],
    ["native", undefined, undefined, ["worker", "native"], "runner is not available", '"isolation": "native"'],
    ["ts", undefined, "guard", ["worker"], "guard is not available", '"isolation": "worker"'],
    ["ts", undefined, "native", all, "not for TypeScript", '"guard"'],
    ["native", undefined, "worker", all, "not for native", '"runner"'],
    ["ts", "own-process", "worker", all, "own-process", '"guard"'],
    ["native", "own-process", "native", all, "own-process", '"runner"'],
    ["native", "in-process", "runner", all, "in-process", '"native"'],
    ["ts", "in-process", undefined, all, "no isolation is named", '"worker"'],
    ["native", "own-process", undefined, ["native"], "runner is not available", "another host|Use a host"],
  ] as const
) {
  Deno.test(`refuses a ${language} plugin that bears ${bears}, granted ${granted} of ${available}`, () => {
    const grant = granted === undefined ? undefined : { isolation: granted };
    const error = assertThrows(() => chooseIsolation(plugin(language, bears), grant, file, available), CaissonError);
    assertEquals([error.code, error.exitCode], ["CAISSON_ISOLATION_REFUSED", 3]);
    assertStringIncludes(error.found, found);
    assertEquals(advice.split("|").some((each) => error.action.includes(each)), true, error.action);
  });
}

Deno.test("says what an isolation in the host process means before it is chosen", () => {
  const error = assertThrows(() => chooseIsolation(plugin("native"), undefined, file, ["native"]), CaissonError);
  assertStringIncludes(error.allowed, "a crash ends the host");
  assertStringIncludes(error.action, file);
});

Deno.test("proposes what the host offers and the plugin bears", () => {
  assertEquals(possibleIsolation(plugin("ts"), ["worker", "native"]), "worker");
  assertEquals(possibleIsolation(plugin("ts", "own-process"), ["worker", "native"]), undefined);
  assertEquals(possibleIsolation(plugin("native"), all), "runner");
});
