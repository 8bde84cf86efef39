/** Expects a typed refusal. @module */
import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";

function check(thrown: unknown, code: string, parts: readonly string[]): void {
  assertInstanceOf(thrown, CaissonError);
  assertEquals<string>(thrown.code, code, thrown.message);
  for (const part of parts) assertStringIncludes(thrown.message, part);
}

/** Runs `action` and checks that it throws the code, with every part in its message. */
export function assertRefused(
  action: () => unknown,
  code: string,
  ...parts: readonly string[]
): void {
  let thrown: unknown;
  try {
    action();
  } catch (cause) {
    thrown = cause;
  }
  check(thrown, code, parts);
}

/** As {@linkcode assertRefused}, for a promise. */
export async function assertRejected(
  promise: Promise<unknown>,
  code: string,
  ...parts: readonly string[]
): Promise<void> {
  let thrown: unknown;
  try {
    await promise;
  } catch (cause) {
    thrown = cause;
  }
  check(thrown, code, parts);
}
