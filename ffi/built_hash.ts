/** Hashes of programs that were built, kept beside them and checked whenever one is about to be started. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import { sha256 } from "./sha256.ts";

/** Where the hash of a program stands. */
function hashFileOf(program: string): string {
  return `${program}.sha256`;
}

/** Writes down what a program is, right after it was built and before anybody else can see it. */
async function recordHash(program: string): Promise<void> {
  await Deno.writeTextFile(hashFileOf(program), `${await sha256(await Deno.readFile(program))}\n`);
}

/**
 * Moves a folder with a program that was just built to its place, whole. When somebody else has built the same meanwhile
 * theirs stays; one that lies there without its hash, half removed or older than hashes are, gives way.
 */
export async function putInPlace(partial: string, target: string, program: string): Promise<void> {
  await recordHash(`${partial}/${program}`);
  try {
    await Deno.rename(partial, target);
  } catch (cause) {
    if (await isBuilt(`${target}/${program}`)) throw cause;
    await Deno.remove(target, { recursive: true });
    await Deno.rename(partial, target);
  }
}

/**
 * Whether a program is there, as it was built.
 *
 * @throws {CaissonError} `CAISSON_LIBRARY_HASH` when it is another one now
 */
export async function isBuilt(program: string): Promise<boolean> {
  let bytes: Uint8Array;
  let recorded: string;
  try {
    [bytes, recorded] = await Promise.all([Deno.readFile(program), Deno.readTextFile(hashFileOf(program))]);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return false;
    throw cause;
  }
  const found = await sha256(bytes);
  if (found === recorded.trim()) return true;
  throw new CaissonError("CAISSON_LIBRARY_HASH", {
    subject: program,
    found: `sha256 ${found}`,
    allowed: `sha256 ${recorded.trim().slice(0, 64)}, written down when it was built`,
    action: "Find out who changed it, remove its folder, and run caisson setup.",
  });
}
