/** Codecs by name. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { quote } from "../manifest/untrusted_text.ts";
import { binary } from "./binary.ts";
import type { Codec } from "./codec.ts";
import { json } from "./json.ts";
import { msgpack } from "./msgpack.ts";
import { string } from "./string.ts";

const codecs: ReadonlyMap<string, Codec> = new Map(
  [json, msgpack, string, binary].map((codec) => [codec.name, codec]),
);

/** Names of the codecs the runtime brings. */
export const codecNames: readonly string[] = [...codecs.keys()];

/**
 * The codec of that name; codecs have no state, so every caller gets the same one.
 *
 * @throws {CaissonError} `CAISSON_CONFIG_INVALID` when there is none
 */
export function createCodec(name: string): Codec {
  const codec = codecs.get(name);
  if (codec !== undefined) return codec;
  throw new CaissonError("CAISSON_CONFIG_INVALID", {
    subject: "codec",
    found: quote(name),
    allowed: codecNames.join(", "),
  });
}
