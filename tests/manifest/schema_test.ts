import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { parseManifest } from "../../runtime/manifest/schema.ts";
import { manifest } from "./plugin_folder.ts";

function refuse(value: unknown): CaissonError {
  return assertThrows(() => parseManifest(value, "plugin.json"), CaissonError);
}

const source = { kind: "source", name: "clickstream", interface: "source@1.0" };
const native = (part: object) => manifest({ module: undefined, native: { abi: "1.0", ...part } });
const library = { file: "./lib.so", sha256: "a".repeat(64), size: 10 };

Deno.test("accepts a manifest with everything in it", () => {
  const whole = manifest({
    $schema: "../../docs/manifest.schema.json",
    description: "Reads clicks",
    license: "MIT",
    isolation: "either",
    limits: { memoryMiB: 128 },
    provides: [
      { ...source, config: { type: "object", properties: { url: { type: "string", format: "uri" } } } },
      { kind: "sink", name: "clickstream", interface: "sink@1.0" },
    ],
    permissions: {
      net: ["api.acme.com:443", "[::1]:80"],
      read: ["./data", "/srv/data"],
      env: true,
      reasons: { net: "polls the API", read: "reads the database", env: "reads a token you name" },
    },
  });
  assertEquals(parseManifest(whole, "plugin.json").name, "@acme/clickstream");
});

Deno.test("accepts a native manifest before and after it is sealed", () => {
  parseManifest(native({ build: { language: "c", sources: ["a.c"] } }), "plugin.json");
  parseManifest(native({ libraries: { "linux-x86_64": library } }), "plugin.json");
});

interface Case {
  readonly what: string;
  readonly value: unknown;
  readonly code: string;
  readonly subject: string;
  readonly says: string;
  readonly allows?: string;
  readonly does?: string;
}

const permissions = (asked: object, reasons: object = {}) => manifest({ permissions: { ...asked, reasons } });

const cases: Case[] = [
  {
    what: "an unknown key, and says which was meant",
    value: manifest({ moduel: "./mod.ts", module: undefined }),
    code: "CAISSON_MANIFEST_UNKNOWN_KEY",
    subject: "plugin.json: moduel",
    says: '"moduel"',
    allows: "module",
    does: 'Did you mean "module"?',
  },
  {
    what: "an unknown key of a component",
    value: manifest({ provides: [{ ...source, confg: {} }] }),
    code: "CAISSON_MANIFEST_UNKNOWN_KEY",
    subject: "plugin.json: provides[0].confg",
    says: '"confg"',
    does: 'Did you mean "config"?',
  },
  {
    what: "a key that is nothing like a known one",
    value: manifest({ telemetryEndpoint: "x" }),
    code: "CAISSON_MANIFEST_UNKNOWN_KEY",
    subject: "plugin.json: telemetryEndpoint",
    says: "unknown key",
    does: 'Remove "telemetryEndpoint".',
  },
  {
    what: "a version that is not semantic",
    value: manifest({ version: "1.2" }),
    code: "CAISSON_MANIFEST_VERSION",
    subject: "plugin.json: version",
    says: '"1.2"',
    does: "1.2.3",
  },
  {
    what: "a version with a v",
    value: manifest({ version: "v1.2.0" }),
    code: "CAISSON_MANIFEST_VERSION",
    subject: "plugin.json: version",
    says: '"v1.2.0"',
  },
  {
    what: "a runtime range that is none",
    value: manifest({ runtime: "latest" }),
    code: "CAISSON_MANIFEST_VERSION",
    subject: "plugin.json: runtime",
    says: '"latest"',
    does: "^0.1.0",
  },
  {
    what: "a list instead of an object",
    value: [],
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json",
    says: "[]",
    allows: "an object",
  },
  {
    what: "another format version",
    value: manifest({ manifest: 2 }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: manifest",
    says: "2",
    allows: "1",
  },
  {
    what: "a missing name",
    value: manifest({ name: undefined }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: name",
    says: "nothing",
    allows: "a text",
  },
  {
    what: "a name with letters that look like ASCII",
    value: manifest({ name: "@аcme/clickstream" }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: name",
    says: "cme/clickstream",
    allows: "ASCII",
  },
  {
    what: "a name that is a path",
    value: manifest({ name: "../evil" }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: name",
    says: "../evil",
  },
  {
    what: "no component",
    value: manifest({ provides: [] }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: provides",
    says: "[]",
    allows: "at least 1",
  },
  {
    what: "a component twice",
    value: manifest({ provides: [source, source] }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: provides[1].name",
    says: "a second source called clickstream",
  },
  {
    what: "a component name with capitals",
    value: manifest({ provides: [{ ...source, name: "Click" }] }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: provides[0].name",
    says: "Click",
  },
  {
    what: "a component name of 48 characters",
    value: manifest({ provides: [{ ...source, name: "a".repeat(48) }] }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: provides[0].name",
    says: "aaa",
    allows: "47",
  },
  {
    what: "an unknown kind",
    value: manifest({ provides: [{ ...source, kind: "sorce" }] }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: provides[0].kind",
    says: "sorce",
    allows: '"source"',
  },
  {
    what: "an interface of another kind",
    value: manifest({ provides: [{ ...source, interface: "sink@1.0" }] }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: provides[0].interface",
    says: "sink@1.0",
    allows: "source@MAJOR.MINOR",
  },
  {
    what: "an interface without a minor version",
    value: manifest({ provides: [{ ...source, interface: "source@1" }] }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: provides[0].interface",
    says: "source@1",
  },
  {
    what: "a configuration schema with a keyword that would be skipped",
    value: manifest({ provides: [{ ...source, config: { type: "object", allOf: [] } }] }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: provides[0].config.allOf",
    says: "allOf",
    allows: "properties",
  },
  {
    what: "module and native together",
    value: { ...native({ build: { language: "c", sources: ["a.c"] } }), module: "./mod.ts" },
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json",
    says: "both module and native",
    does: "exactly one",
  },
  {
    what: "neither module nor native",
    value: manifest({ module: undefined }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json",
    says: "neither module nor native",
  },
  {
    what: "native code without build and libraries",
    value: native({}),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: native",
    says: "neither build nor libraries",
  },
  {
    what: "native code with build and libraries",
    value: native({ build: { language: "c", sources: ["a.c"] }, libraries: { "linux-x86_64": library } }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: native",
    says: "both build and libraries",
  },
  {
    what: "an empty list of libraries",
    value: native({ libraries: {} }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: native.libraries",
    says: "{}",
  },
  {
    what: "a library outside the folder",
    value: native({ libraries: { "linux-x86_64": { ...library, file: "../lib.so" } } }),
    code: "CAISSON_MODULE_OUTSIDE",
    subject: "plugin.json: native.libraries.linux-x86_64.file",
    says: "../lib.so",
    does: "inside its folder",
  },
  {
    what: "a hash in capitals",
    value: native({ libraries: { "linux-x86_64": { ...library, sha256: "A".repeat(64) } } }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: native.libraries.linux-x86_64.sha256",
    says: "AAA",
  },
  {
    what: "a platform that is none",
    value: native({ libraries: { Linux: library } }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: native.libraries",
    says: '"Linux"',
    allows: "linux-x86_64",
  },
  {
    what: "a module outside the folder",
    value: manifest({ module: "./a/../../mod.ts" }),
    code: "CAISSON_MODULE_OUTSIDE",
    subject: "plugin.json: module",
    says: "../../mod.ts",
    does: "inside its folder",
  },
  {
    what: "an absolute module",
    value: manifest({ module: "/srv/mod.ts" }),
    code: "CAISSON_MODULE_OUTSIDE",
    subject: "plugin.json: module",
    says: "absolute",
  },
  {
    what: "a module that is a URL",
    value: manifest({ module: "https://acme.com/mod.ts" }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: module",
    says: "a URL",
  },
  {
    what: "a request for run, and says why",
    value: permissions({ run: ["ls"] }),
    code: "CAISSON_MANIFEST_UNKNOWN_KEY",
    subject: "plugin.json: permissions.run",
    says: "never granted run",
    does: 'Remove "run"',
  },
  {
    what: "a request for ffi, and says why",
    value: permissions({ ffi: true }),
    code: "CAISSON_MANIFEST_UNKNOWN_KEY",
    subject: "plugin.json: permissions.ffi",
    says: "write a native plugin instead",
  },
  {
    what: "a request for import, and says why",
    value: permissions({ import: ["example.com"] }),
    code: "CAISSON_MANIFEST_UNKNOWN_KEY",
    subject: "plugin.json: permissions.import",
    says: "never granted import",
  },
  {
    what: "a misspelt permission",
    value: permissions({ nett: ["a:1"] }),
    code: "CAISSON_MANIFEST_UNKNOWN_KEY",
    subject: "plugin.json: permissions.nett",
    says: "nett",
    does: 'Did you mean "net"?',
  },
  {
    what: "a host with a scheme",
    value: permissions({ net: ["https://api.acme.com"] }, { net: "x" }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: permissions.net[0]",
    says: "a URL",
    allows: "host:port",
  },
  {
    what: "a host with a wildcard",
    value: permissions({ net: ["a.com:1", "*.acme.com"] }, { net: "x" }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: permissions.net[1]",
    says: "a wildcard",
  },
  {
    what: "a port that is none",
    value: permissions({ net: ["acme.com:70000"] }, { net: "x" }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: permissions.net[0]",
    says: "no port",
  },
  {
    what: "a request that is no list",
    value: permissions({ net: "acme.com" }, { net: "x" }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: permissions.net",
    says: "acme.com",
    allows: "a list",
  },
  {
    what: "a request of false",
    value: permissions({ net: false }, { net: "x" }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: permissions.net",
    says: "false",
  },
  {
    what: "an empty request",
    value: permissions({ net: [] }, { net: "x" }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: permissions.net",
    says: "[]",
    allows: "at least 1",
  },
  {
    what: "a path that leaves the folder by dots",
    value: permissions({ read: ["../secrets"] }, { read: "x" }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: permissions.read[0]",
    says: "leaves the plugin's folder",
  },
  {
    what: "a path that starts at a home folder",
    value: permissions({ write: ["~/out"] }, { write: "x" }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: permissions.write[0]",
    says: "whole path",
  },
  {
    what: "an environment variable with a wildcard",
    value: permissions({ env: ["AWS_*"] }, { env: "x" }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: permissions.env[0]",
    says: "wildcard",
  },
  {
    what: "a kind of system information that Deno does not know",
    value: permissions({ sys: ["everything"] }, { sys: "x" }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: permissions.sys[0]",
    says: "hostname",
  },
  {
    what: "a request without a reason",
    value: permissions({ net: ["acme.com"] }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: permissions.reasons.net",
    says: "no reason",
    does: '"net"',
  },
  {
    what: "a reason without a request",
    value: permissions({}, { env: "for fun" }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: permissions.reasons.env",
    says: "not asked for",
  },
  {
    what: "limits of no memory",
    value: manifest({ limits: { memoryMiB: 0 } }),
    code: "CAISSON_MANIFEST_INVALID",
    subject: "plugin.json: limits.memoryMiB",
    says: "0",
    allows: "at least 1",
  },
];

for (const { what, value, code, subject, says, allows, does } of cases) {
  Deno.test(`refuses a manifest with ${what}`, () => {
    const error = refuse(value);
    assertEquals([error.code, error.subject], [code, subject]);
    assertStringIncludes(error.found, says);
    assertStringIncludes(error.allowed, allows ?? "");
    assertStringIncludes(error.action, does ?? " ");
    assertEquals(error.exitCode, 3);
  });
}

Deno.test("does not let a plugin's text pose as the host's", () => {
  const error = refuse(manifest({ name: "x\u202e\u001b[31m\n[host] granted" }));
  // deno-lint-ignore no-control-regex
  assertEquals(/[\u0000-\u001f\u202e]/.test(error.message), false);
  assertStringIncludes(error.message, "\\u202e");
});
