import { assertEquals, assertRejects } from "@std/assert";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { eventually, Peer, peerTest } from "./peer.ts";
import { Station } from "./part_peer.ts";
import { TemporaryFolder } from "../connector/builtin/part_context.ts";

function isSocket(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSocket === true;
  } catch {
    return false;
  }
}

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
  await eventually("no socket any more", () => !isSocket(path));
});

peerTest(["socat"], "unix_client reads from and writes to socat", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("peer.sock");
  await using peer = new Peer("socat", "-", `UNIX-LISTEN:${path}`);
  await eventually("a socket", () => isSocket(path));
  await using _station = await Station.start({ type: "unix_client", config: { path }, answer: (text) => text + text });
  await peer.send("ab\n");
  assertEquals(await peer.until((text) => text.includes("\n")), "abab\n");
});

peerTest(
  ["nc"],
  "unix_server replaces a stale socket when it is told to, never one that answers, and never a file",
  async () => {
    await using folder = new TemporaryFolder();
    const path = folder.file("in.sock");
    const start = (replace: boolean, at = path) =>
      Station.start({ type: "unix_server", config: { path: at, replace }, ends: "source" });
    const there = () => isSocket(path);
    {
      await using killed = new Peer("nc", "-lU", path);
      await eventually("a socket", there);
      killed.kill();
    }
    const stale = await assertRejects(() => start(false), CaissonError, path);
    assertEquals(stale.code, "CAISSON_CONNECT_FAILED");
    {
      await using _station = await start(true);
      await assertRejects(() => start(true), CaissonError, "another process listens");
      assertEquals(there(), true);
    }
    const file = folder.file("file.txt");
    await Deno.writeTextFile(file, "precious");
    await assertRejects(() => start(true, file), CaissonError, "no socket");
    assertEquals(await Deno.readTextFile(file), "precious");
  },
);
