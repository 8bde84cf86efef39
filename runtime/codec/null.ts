/** The codec `null`: payloads do not matter. @module */
import type { Codec } from "./codec.ts";

const nothing = new Uint8Array(0);

/** Every payload is `null`; every value is written as no bytes. */
export const nullCodec: Codec = {
  name: "null",
  decode: (): unknown => null,
  encode: (): Uint8Array => nothing,
};
