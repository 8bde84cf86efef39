import { assertEquals, assertStringIncludes } from "@std/assert";
import { formatNet, parseNet, sysKinds, valueProblem } from "../../permissions/values.ts";

for (
  const [given, expected] of [
    ["Example.COM:443", "example.com:443"],
    ["example.com.", "example.com"],
    ["127.0.0.1:80", "127.0.0.1:80"],
    ["[::1]:80", "[::1]:80"],
    ["[0:0:0:0:0:0:0:1]", "[::1]"],
    ["localhost", "localhost"],
    ["my_host-1.internal:1", "my_host-1.internal:1"],
  ] as const
) {
  Deno.test(`reads the address ${given}`, () => {
    const parsed = parseNet(given);
    assertEquals(typeof parsed === "string" ? parsed : formatNet(parsed), expected);
  });
}

for (
  const [given, why] of [
    ["http://example.com", "URL"],
    ["*.example.com", "wildcard"],
    ["10.0.0.0/8", "range"],
    ["example.com/path", "path"],
    ["example.com:0", "port"],
    ["example.com:65536", "port"],
    ["example.com:http", "port"],
    ["example.com:", "port"],
    ["::1", "no host"],
    ["127.1", "no host"],
    ["0x7f000001", "no host"],
    ["256.0.0.1", "no host"],
    ["127.0.0.01", "no host"],
    ["2130706433", "no host"],
    ["[::g]", "no host"],
    ["a..b", "no host"],
    ["-a.com", "no host"],
    ["user@host", "no host"],
    ["exämple.com", "no host"],
    [":80", "no host"],
    ["", "no host"],
    ["a b", "no host"],
  ] as const
) {
  Deno.test(`refuses ${JSON.stringify(given)} as an address`, () => {
    const parsed = parseNet(given);
    assertEquals(typeof parsed, "string");
    assertStringIncludes(parsed as string, why);
  });
}

for (
  const [key, value] of [
    ["read", ""],
    ["read", "~/x"],
    ["write", "/srv/*"],
    ["read", "/a,b"],
    ["write", "/a\u0000b"],
    ["read", "file:///etc"],
    ["env", "A-B"],
    ["env", "A*"],
    ["env", "1A"],
    ["sys", "hostnam"],
  ] as const
) {
  Deno.test(`refuses ${JSON.stringify(value)} for ${key}`, () => {
    assertEquals(typeof valueProblem(key, value), "string");
  });
}

Deno.test("lists only kinds of system information that Deno takes", () => {
  for (const kind of sysKinds) Deno.permissions.querySync({ name: "sys", kind: kind as "hostname" });
  const { success } = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-config", `--allow-sys=${sysKinds.join(",")}`, "-"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).outputSync();
  assertEquals(success, true);
});
