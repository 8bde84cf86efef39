/** Every recipe of the cookbook is run, and prints exactly what the page says. */
import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { executePage, parsePage } from "./page.ts";
import { readerEnvironment } from "./reader_environment.ts";

const path = fromFileUrl(new URL("../../docs/cookbook.md", import.meta.url));

/** The port that the page serves on. */
const PORT = "8712";

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

Deno.test("the cookbook", async (test) => {
  const home = await Deno.makeTempDir({ prefix: "caisson-cookbook-" });
  try {
    const env = readerEnvironment(home);
    const [, install = "", ...recipes] = (await Deno.readTextFile(path)).split(/^(?=## )/m);
    await executePage("cookbook.md", parsePage(install), { folder: home, env });
    assertEquals(recipes.length, 12);
    for (const [index, recipe] of recipes.entries()) {
      const title = /^## (.*)$/m.exec(recipe)![1]!;
      await test.step(title, async () => {
        const folder = join(home, `recipe${index + 1}`);
        await Deno.mkdir(folder);
        // The port of the page may be taken on this machine.
        const page = recipe.replaceAll(PORT, String(freePort()));
        const commands = await executePage(title, parsePage(page), { folder, env, exact: true });
        assertEquals(commands, 1);
      });
    }
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
