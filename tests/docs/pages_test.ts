import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { executePage, PageError, parsePage } from "./page.ts";
import { readerEnvironment } from "./reader_environment.ts";

const docs = fromFileUrl(new URL("../../docs/", import.meta.url));

/** Pages that a reader follows step by step, from an empty folder of their own. */
const PAGES = [
  "embed.md",
  "operate.md",
  "first-plugin-typescript.md",
  "first-plugin-c.md",
  "first-plugin-rust.md",
];

for (const name of PAGES) {
  Deno.test(`docs/${name} works as written, outside the repository`, async () => {
    const home = await Deno.makeTempDir({ prefix: "caisson-page-" });
    try {
      const folder = join(home, "work");
      await Deno.mkdir(folder);
      const blocks = parsePage(await Deno.readTextFile(join(docs, name)));
      const commands = await executePage(name, blocks, {
        folder,
        env: readerEnvironment(home),
      });
      assert(commands > 0, `${name} has no command`);
    } finally {
      await Deno.remove(home, { recursive: true });
    }
  });
}

Deno.test("a page whose command fails, or prints something else, is refused", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const env = readerEnvironment(folder);
    const page = (body: string): Promise<number> => executePage("page.md", parsePage(body), { folder, env });
    await assertRejects(
      () => page("```sh\nfalse\n```\n"),
      PageError,
      "exit code 1",
    );
    await assertRejects(
      () => page("```sh\necho a\n```\n\n```text\nb\n```\n"),
      PageError,
      'lacks "b"',
    );
    assertEquals(
      await page(
        "```ts x.txt\nhello\n```\n\n```sh\ncat x.txt\n```\n\n```text\nhello\n```\n\n```sh exit=3\nexit 3\n```\n",
      ),
      2,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
