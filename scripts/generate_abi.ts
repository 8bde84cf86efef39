/**
 * Generates everything that repeats `ffi/include/caisson.h` in another language.
 *
 * `deno run -A scripts/generate_abi.ts` writes; with `--check` it writes nothing and exits 1 when a committed file
 * differs.
 * @module
 */
import { parseHeader } from "./abi/parse_header.ts";
import { writeLayout } from "./abi/write_layout.ts";
import { writeLayoutHeader, writeLayoutTable } from "./abi/write_layout_table.ts";
import { writeRust } from "./abi/write_rust.ts";
import { writeSymbols } from "./abi/write_symbols.ts";

const ROOT = new URL("../", import.meta.url);
const HEADER = "ffi/include/caisson.h";

async function formatted(source: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext", "ts", "-"],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(source));
  await writer.close();
  const { success, stdout } = await child.output();
  if (!success) throw new TypeError("deno fmt refused the generated source");
  return new TextDecoder().decode(stdout);
}

/** Every generated file, by path from the repository's root. */
export async function generateAbi(
  headerText: string,
): Promise<ReadonlyMap<string, string>> {
  const header = parseHeader(headerText);
  const [layout, symbols, table] = await Promise.all(
    [writeLayout(header), writeSymbols(header), writeLayoutTable(header)].map(
      formatted,
    ),
  );
  return new Map([
    ["runtime/data/layout.ts", layout!],
    ["ffi/symbols.ts", symbols!],
    ["ffi/layout_table.ts", table!],
    ["ffi/include/caisson_layout.h", writeLayoutHeader(header)],
    ["ffi/sdk/rust/src/abi.rs", writeRust(header)],
  ]);
}

if (import.meta.main) {
  const check = Deno.args.includes("--check");
  const files = await generateAbi(
    await Deno.readTextFile(new URL(HEADER, ROOT)),
  );
  const encoder = new TextEncoder();
  let stale = 0;
  for (const [path, text] of files) {
    const url = new URL(path, ROOT);
    const old = await Deno.readTextFile(url).catch(() => "");
    if (old === text) continue;
    stale++;
    if (!check) {
      await Deno.mkdir(new URL("./", url), { recursive: true });
      await Deno.writeTextFile(url, text);
    }
    await Deno.stderr.write(
      encoder.encode(
        check ? `${path} differs from ${HEADER}\n` : `wrote ${path}\n`,
      ),
    );
  }
  if (check && stale > 0) {
    await Deno.stderr.write(
      encoder.encode("run: deno run -A scripts/generate_abi.ts\n"),
    );
    Deno.exit(1);
  }
}
