import { assert, assertEquals, assertRejects } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";
import { executePage, PageError, parsePage } from "./page.ts";

const docs = fromFileUrl(new URL("../../docs/", import.meta.url));

/** Pages that a reader follows step by step, from an empty folder of their own. */
const PAGES = [
  "embed.md",
  "operate.md",
  "first-plugin-typescript.md",
  "first-plugin-c.md",
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
        env: environment(home),
      });
      assert(commands > 0, `${name} has no command`);
    } finally {
      await Deno.remove(home, { recursive: true });
    }
  });
}

/** The module cache this run uses: a reader's own would download the npm packages once for each page. */
async function moduleCache(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stderr: "null" }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

const denoDir = await moduleCache();

/** A reader's own environment: nothing of the repository, only Deno, a compiler and the module cache. */
function environment(home: string): Record<string, string> {
  const env: Record<string, string> = {
    HOME: home,
    XDG_CACHE_HOME: join(home, "cache"),
    DENO_INSTALL_ROOT: join(home, ".deno"),
    PATH: [
      join(home, ".deno", "bin"),
      dirname(Deno.execPath()),
      "/usr/local/bin",
      "/usr/bin",
      "/bin",
    ].join(":"),
    NO_COLOR: "1",
    DENO_DIR: denoDir,
  };
  // Where modules come from is the reader's own setting, not the repository's.
  for (const [name, value] of Object.entries(Deno.env.toObject())) {
    if (
      /^(JSR_URL|DENO_\w+|SSL_CERT_\w+|NPM_CONFIG_\w+|NODE_EXTRA_CA_CERTS|HTTPS?_PROXY)$/i.test(
        name,
      )
    ) env[name] ??= value;
  }
  return env;
}

Deno.test("a page whose command fails, or prints something else, is refused", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const env = environment(folder);
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
