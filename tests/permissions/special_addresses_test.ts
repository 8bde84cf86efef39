import { assert, assertEquals } from "@std/assert";
import { isSpecial, specialAddressesToDeny } from "../../permissions/special_addresses.ts";
import { valueProblem } from "../../permissions/values.ts";

for (
  const [host, special] of [
    ["127.0.0.1", true],
    ["10.255.255.255", true],
    ["11.0.0.0", false],
    ["100.63.255.255", false],
    ["100.64.0.0", true],
    ["169.254.169.254", true],
    ["172.15.255.255", false],
    ["172.31.255.255", true],
    ["172.32.0.0", false],
    ["0.0.0.0", true],
    ["255.255.255.255", true],
    ["8.8.8.8", false],
    ["[::1]", true],
    ["[::]", true],
    ["[fe80::1]", true],
    ["[fd00::1]", true],
    ["[64:ff9b::7f00:1]", true],
    ["[2002:7f00:1::]", true],
    ["[2001::1]", true],
    ["[2001:4860:4860::8888]", false],
    ["[2606:4700::1111]", false],
    ["api.example.com", false],
  ] as const
) {
  Deno.test(`${host} is ${special ? "special" : "public"}`, () => assertEquals(isSpecial(host), special));
}

Deno.test("denies nothing where only addresses are granted: that list is exact", () => {
  assertEquals(specialAddressesToDeny(["127.0.0.1:80", "10.0.0.1", "8.8.8.8"]), []);
  assertEquals(specialAddressesToDeny(false), []);
});

Deno.test("denies every special range to who was granted a name", () => {
  const denied = specialAddressesToDeny(["api.example.com:443"]);
  for (const range of ["127.0.0.0/8", "10.0.0.0/8", "169.254.0.0/16", "0.0.0.0/8", "[::1]", "[::]"]) {
    assert(denied.includes(range), range);
  }
});

Deno.test("leaves out exactly the address that was granted, and only on its ports", () => {
  const denied = specialAddressesToDeny(["api.example.com:443", "10.1.2.3:80"]);
  const ranges = denied.flatMap((each) => {
    const match = /^([0-9.]+)\/(\d+)$/.exec(each) ?? /^([0-9.]+)()$/.exec(each);
    return match === null ? [] : [[number(match[1]!), 2 ** (32 - Number(match[2] || 32))] as const];
  });
  const denies = (address: string) =>
    ranges.some(([base, size]) => number(address) >= base && number(address) < base + size);
  assertEquals(denies("10.1.2.3"), false);
  for (const near of ["10.1.2.2", "10.1.2.4", "10.0.0.0", "10.255.255.255", "127.0.0.1"]) assert(denies(near), near);
  for (const far of ["9.255.255.255", "11.0.0.0", "8.8.8.8"]) assert(!denies(far), far);
  assert(denied.includes("10.1.2.3:443"), "a name granted on 443 must not lead to the address on 443");
  assert(!denied.includes("10.1.2.3:80"));
});

function number(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

for (const value of ["localhost:80", "a.localhost", "[::ffff:127.0.0.1]:80", "[::ffff:7f00:1]"]) {
  Deno.test(`${value} may not be written in a list`, () => assert(valueProblem("net", value) !== undefined));
}

/** The name of this machine leads to an address of its own: a name that leads into the operator's network. */
async function inChild(net: string, port: number): Promise<string[]> {
  const deny = specialAddressesToDeny([net, "api.example.com:443"]);
  const code = `for (const act of [
    () => fetch("http://localhost:${port}/").then((response) => response.text()),
    () => Deno.connect({ hostname: "localhost", port: ${port} }).then((connection) => connection.close()),
    () => new Promise((resolve, reject) => {
      const socket = new WebSocket("ws://localhost:${port}/");
      socket.onopen = () => { socket.close(); resolve(); };
      socket.onerror = reject;
    }),
    async () => { const { connect } = await import("node:net"); await new Promise((resolve, reject) => {
      const socket = connect(${port}, "localhost", () => { socket.end(); resolve(); }); socket.on("error", reject); }); },
  ]) console.log(await act().then(() => "reached", () => "refused"));`;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-config",
      `--allow-net=localhost:${port}`,
      ...(net === "" ? [] : [`--deny-net=${deny.join(",")}`]),
      "--ext=js",
      "-",
    ],
    stdin: "piped",
    stderr: "null",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const { stdout } = await child.output();
  return new TextDecoder().decode(stdout).trim().split("\n");
}

Deno.test("Deno refuses a granted name that leads to a special address, on every way, and only then", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => request.headers.has("upgrade") ? Deno.upgradeWebSocket(request).response : new Response("inside"),
  );
  const { port } = server.addr;
  assertEquals(await inChild("", port), ["reached", "reached", "reached", "reached"]);
  assertEquals(await inChild("intranet.example.com:443", port), ["refused", "refused", "refused", "refused"]);
});
