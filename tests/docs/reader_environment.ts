/** The environment of somebody who reads the docs. */
import { dirname, join } from "@std/path";

/** The module cache this run uses: a reader's own would download the npm packages once for each page. */
async function moduleCache(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stderr: "null" }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

const denoDir = await moduleCache();

/** Where the Rust compiler really is: the command of rustup looks for it in the home folder. */
async function rustFolder(): Promise<string> {
  const { success, stdout } = await new Deno.Command("rustc", { args: ["--print", "sysroot"] }).output();
  if (!success) throw new Error("rustc --print sysroot failed");
  return join(new TextDecoder().decode(stdout).trim(), "bin");
}

const rust = await rustFolder();

/** Nothing of the repository, only Deno, a compiler and the module cache. @param home an empty folder */
export function readerEnvironment(home: string): Record<string, string> {
  const env: Record<string, string> = {
    HOME: home,
    XDG_CACHE_HOME: join(home, "cache"),
    DENO_INSTALL_ROOT: join(home, ".deno"),
    PATH: [
      join(home, ".deno", "bin"),
      dirname(Deno.execPath()),
      rust,
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
