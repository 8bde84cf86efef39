import { assertEquals } from "@std/assert";
import { TemporaryFolder } from "../connector/builtin/part_context.ts";
import { Station } from "./part_peer.ts";
import { eventually } from "./peer.ts";

function follow(path: string, config: Record<string, unknown> = {}): Promise<Station> {
  return Station.start({ type: "file", config: { path, follow: true, "look_ms": 5, ...config }, ends: "source" });
}

const append = (path: string, text: string): Promise<void> => Deno.writeTextFile(path, text, { append: true });

Deno.test("a followed file hands on what is added, a line in two pieces as one", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("log");
  await append(path, "one\ntw");
  await using station = await follow(path);
  assertEquals(await station.read(1), ["one"]);
  await append(path, "o\nthree\n");
  assertEquals(await station.read(3), ["one", "two", "three"]);
});

Deno.test("a followed file that is renamed and made anew goes on with the new one, its last half line by itself", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("log");
  await append(path, "old\nhalf");
  await using station = await follow(path);
  await station.read(1);
  await Deno.rename(path, folder.file("log.1"));
  // Who still writes to the renamed file is heard until the new one is there.
  await append(folder.file("log.1"), " more");
  await append(path, "new\n");
  assertEquals(await station.read(3), ["old", "half more", "new"]);
  await append(path, "newer\n");
  assertEquals((await station.read(4))[3], "newer");
  assertEquals(station.metrics()["rotations"], 1);
});

Deno.test("a followed file that is emptied is read from its start", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("log");
  await append(path, "a long first line\n");
  await using station = await follow(path);
  await station.read(1);
  await Deno.truncate(path);
  await eventually("the truncation to be seen", () => station.metrics()["rotations"] === 1);
  await append(path, "short\n");
  assertEquals(await station.read(2), ["a long first line", "short"]);
});

Deno.test("following may begin at the end, and a stop flushes the half line that is held", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("log");
  await append(path, "before\n");
  const station = await follow(path, { from: "end" });
  await append(path, "after\nhalf");
  await station.read(1);
  await eventually("all bytes", () => station.metrics()["bytes"] === 10);
  await station.stop();
  assertEquals(station.texts, ["after", "half"]);
});
