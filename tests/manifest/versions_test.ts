import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import type { HostVersions } from "../../runtime/manifest/host_versions.ts";
import { hostVersions } from "../../runtime/manifest/host_versions.ts";
import type { Manifest } from "../../runtime/manifest/manifest.ts";
import { isRange, isVersion } from "../../runtime/manifest/semver.ts";
import { checkVersions } from "../../runtime/manifest/versions.ts";
import { manifest } from "./plugin_folder.ts";

const host: HostVersions = {
  runtime: "1.4.2",
  interfaces: { source: "2.3", sink: "1.0" },
  abi: "1.2",
};

function plugin(changes: {
  runtime?: string;
  interface?: string;
  abi?: string;
}): Manifest {
  const version = changes.interface ?? "source@2.3";
  return manifest({
    runtime: changes.runtime ?? "^1.0.0",
    provides: [{ kind: version.split("@")[0], name: "x", interface: version }],
    ...(changes.abi === undefined ? {} : { module: undefined, native: { abi: changes.abi } }),
  }) as unknown as Manifest;
}

for (
  const [what, changes] of [
    ["the same versions", {}],
    ["an older minor of an interface", { interface: "source@2.0" }],
    ["an older minor of the C ABI", { abi: "1.0" }],
    ["the host's minor of the C ABI", { abi: "1.2" }],
    ["an exact runtime", { runtime: "1.4.2" }],
  ] as const
) {
  Deno.test(`accepts a plugin with ${what}`, () => checkVersions(plugin(changes), host));
}

for (
  const [what, changes, code, found, action] of [
    ["a newer runtime", { runtime: "^1.5.0" }, "CAISSON_RUNTIME_MISMATCH", "^1.5.0", "Install a runtime"],
    ["an older runtime", { runtime: "<1.0.0" }, "CAISSON_RUNTIME_MISMATCH", "<1.0.0", "made for runtime 1.4.2"],
    [
      "an unknown interface",
      { interface: "codec@1.0" },
      "CAISSON_INTERFACE_UNKNOWN",
      "codec@1.0",
      "update the runtime",
    ],
    [
      "an interface called like an inherited member",
      { interface: "constructor@1.0" },
      "CAISSON_INTERFACE_UNKNOWN",
      "constructor",
      "runtime",
    ],
    [
      "a newer major of an interface",
      { interface: "source@3.0" },
      "CAISSON_INTERFACE_MAJOR",
      "2.3",
      "Update the runtime",
    ],
    [
      "an older major of an interface",
      { interface: "source@1.9" },
      "CAISSON_INTERFACE_MAJOR",
      "2.3",
      "made for source@2",
    ],
    [
      "a newer minor of an interface",
      { interface: "source@2.4" },
      "CAISSON_INTERFACE_MINOR",
      "source@2.3",
      "source@2.4",
    ],
    ["a newer major of the C ABI", { abi: "2.0" }, "CAISSON_ABI_MISMATCH", "has 1.2", "caisson.h"],
    ["an older major of the C ABI", { abi: "0.9" }, "CAISSON_ABI_MISMATCH", "0.9", "caisson.h"],
    ["a newer minor of the C ABI", { abi: "1.3" }, "CAISSON_ABI_MISMATCH", "1.3", "Build"],
  ] as const
) {
  Deno.test(`refuses a plugin with ${what}, and says what to do`, () => {
    const error = assertThrows(() => checkVersions(plugin(changes), host, "plugin.json"), CaissonError);
    assertEquals(error.code, code);
    assertStringIncludes(error.found, found);
    assertStringIncludes(error.action, action);
    assertStringIncludes(error.subject, "plugin.json: ");
    assertEquals(error.exitCode, 3);
  });
}

Deno.test("offers the version of the published package", async () => {
  const config = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  assertEquals(hostVersions.runtime, config.version);
});

Deno.test("takes semantic versions only in their full form", () => {
  for (const good of ["0.0.0", "1.2.3", "1.2.3-rc.1", "1.2.3+build.5"]) assertEquals(isVersion(good), true, good);
  for (const bad of ["1.2", "v1.2.3", "1.2.3 ", "01.2.3", "", "x"]) assertEquals(isVersion(bad), false, bad);
  for (const good of ["^1.2.0", "1.x", ">=1 <3", "1.2.3 || 2.0.0"]) assertEquals(isRange(good), true, good);
  for (const bad of ["", " ", "latest", "^a"]) assertEquals(isRange(bad), false, bad);
});
