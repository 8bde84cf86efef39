/** Hashes of programs that were built, kept beside them and checked whenever one is about to be started. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import { sha256 } from "./sha256.ts";

/** Where the hash of a program stands. */
export function hashFileOf(program: string): string {
  return `${program}.sha256`;
}

/** Writes down what a program is, right after it was built and before anybody else can see it. */
export async function recordHash(program: string): Promise<void> {
  await Deno.writeTextFile(hashFileOf(program), `${await sha256(await Deno.readFile(program))}\n`);
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
