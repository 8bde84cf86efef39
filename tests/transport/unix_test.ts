import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { eventually, Peer, peerTest } from "./peer.ts";
import { Station } from "./part_peer.ts";
import { TemporaryFolder } from "../connector/builtin/part_context.ts";

peerTest(["nc"], "unix_server answers nc, and removes its socket when it closes", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("in.sock");
  const station = await Station.start({
    type: "unix_server",
    config: { path, mode: "600" },
    answer: (text) => `<${text}>`,
  });
  assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
  await using peer = new Peer("nc", "-N", "-U", path);
  await peer.send("one\ntwo");
  await peer.endInput();
  assertEquals(await peer.output(), "<one>\n<two>\n");
  await station.stop();
  await assertRejects(() => Deno.lstat(path), Deno.errors.NotFound);
});

peerTest(["socat"], "unix_client reads from and writes to socat", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("peer.sock");
  await using peer = new Peer("socat", "-", `UNIX-LISTEN:${path}`);
  await eventually("a socket", () => {
    try {
      return Deno.lstatSync(path).isSocket === true;
    } catch {
      return false;
    }
  });
  await using _station = await Station.start({ type: "unix_client", config: { path }, answer: (text) => text + text });
  await peer.send("ab\n");
  assertEquals(await peer.until((text) => text.includes("\n")), "abab\n");
});

Deno.test("unix_server refuses a path that is taken, replaces a stale socket only when told to, and never a file", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("in.sock");
  const start = (replace: boolean) => Station.start({ type: "unix_server", config: { path, replace }, ends: "source" });
  await using stale = await start(false);
  const taken = await assertRejects(() => start(false), CaissonError);
  assertEquals(taken.code, "CAISSON_CONNECT_FAILED");
  // So that the two sockets differ in their times, should the file system give out the same number again.
  await new Promise((resolve) => setTimeout(resolve, 5));
  const next = await start(true);
  await stale.stop();
  assertEquals((await Deno.lstat(path)).isSocket, true);
  await next.stop();
  await Deno.writeTextFile(path, "precious");
  assertStringIncludes((await assertRejects(() => start(true), CaissonError)).message, "no socket");
  assertEquals(await Deno.readTextFile(path), "precious");
});
