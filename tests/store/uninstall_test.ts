import { assertEquals, assertRejects } from "@std/assert";
import { storedFolder } from "../../permissions/store.ts";
import { readLock } from "../../permissions/lock.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { uninstallPlugin } from "../../runtime/uninstall.ts";
import { installFixture, name } from "./install_fixture.ts";

Deno.test("an uninstalled plugin leaves the lock and, with the version that waits, the store; what is not installed is refused", async () => {
  await using fixture = await installFixture();
  const { places } = fixture;
  const { version: first } = await fixture.install();
  await fixture.version("1.1.0");
  const { version: waiting } = await fixture.install();
  const { removed, version } = await uninstallPlugin({ plugin: name, ...places });
  assertEquals([version, removed], ["1.0.0", [first.hash, waiting.hash]]);
  assertEquals((await readLock(places.lock)).plugins.size, 0);
  for (const hash of removed) {
    await assertRejects(() => Deno.lstat(storedFolder(places.store, hash)), Deno.errors.NotFound);
  }
  assertEquals(fixture.events.at(-1), { kind: "uninstall", plugin: name, version: "1.0.0", hash: first.hash });
  const error = await assertRejects(() => uninstallPlugin({ plugin: name, ...places }), CaissonError);
  assertEquals(error.code, "CAISSON_NOT_INSTALLED");
  assertEquals((await fixture.install()).state, "installed");
});
