/** The option `separator` of the interceptors `separate`. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { quote } from "../manifest/untrusted_text.ts";
import { encodeUtf8 } from "./utf8.ts";

/** JSON Schema of the option. */
export const separatorSchema: Readonly<Record<string, unknown>> = {
  type: "string",
  minLength: 1,
  default: "\n",
  description: "One byte that ends a payload.",
};

/**
 * The byte a separator is.
 *
 * @throws {CaissonError} `CAISSON_CONFIG_INVALID` when it is longer than one byte
 */
export function separatorByte(separator: string, subject: string): number {
  const bytes = encodeUtf8(separator);
  if (bytes.byteLength === 1) return bytes[0]!;
  throw new CaissonError("CAISSON_CONFIG_INVALID", {
    subject: `${subject}.separator`,
    found: quote(separator),
    allowed: "a text of 1 byte",
  });
}
