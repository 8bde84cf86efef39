/** The file that says where a running host can be controlled, and with which token: readable by its user alone. @module */
import { dirname } from "@std/path";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";

/** What stands in a control file. */
export interface ControlFile {
  /** `http://127.0.0.1:PORT`, or `unix:PATH`. */
  readonly address: string;
  /** What every request has to show. */
  readonly token: string;
  /** The process that wrote it. */
  readonly pid: number;
}

/** A new token: 256 random bits. */
export function newToken(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toHex();
}

/**
 * Writes a control file that only its user can read. A file that was there is replaced, never written through: it may be
 * a link to somewhere else, or be open in another process.
 */
export async function writeControlFile(file: string, content: ControlFile): Promise<void> {
  await Deno.mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const partial = `${file}.${Deno.pid}.partial`;
  await Deno.remove(partial).catch(() => {});
  await Deno.writeTextFile(partial, `${JSON.stringify(content)}\n`, { createNew: true, mode: 0o600 });
  await Deno.rename(partial, file);
}

/** Removes a control file, unless another process has written its own there. */
export async function removeControlFile(file: string, token: string): Promise<void> {
  try {
    if ((await readControlFile(file)).token === token) await Deno.remove(file);
  } catch {
    // Gone, or not ours: nothing is left to remove.
  }
}

/**
 * Reads a control file.
 *
 * @throws {CaissonError} `CAISSON_CONTROL_UNREACHABLE` when there is none, or it is not one
 */
export async function readControlFile(file: string): Promise<ControlFile> {
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (cause) {
    throw new CaissonError("CAISSON_CONTROL_UNREACHABLE", { subject: file, found: messageOf(cause), cause });
  }
  try {
    const { address, token, pid } = JSON.parse(text);
    if (typeof address === "string" && typeof token === "string" && typeof pid === "number") {
      return { address, token, pid };
    }
  } catch {
    // The same as a file with other fields.
  }
  throw new CaissonError("CAISSON_CONTROL_UNREACHABLE", {
    subject: file,
    found: "no control file",
    allowed: "address, token and pid as JSON",
  });
}
