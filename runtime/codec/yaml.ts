/** The codec `yaml`: one payload is one YAML document. @module */
import { type Document, parseDocument, stringify, visit } from "yaml";
import { quote } from "../manifest/untrusted_text.ts";
import { messageOf } from "../errors/caisson_error.ts";
import type { Codec } from "./codec.ts";
import { undecodable, unencodable } from "./codec_error.ts";
import { decodeUtf8, decodeUtf8Leniently, encodeUtf8 } from "./utf8.ts";

/**
 * Aliases a document may have, and nodes they may stand for: against a few lines that mean gigabytes, and because each
 * alias is looked up in the whole document, which takes quadratic time.
 */
const ALIASES = 100;

/**
 * One YAML 1.2 document (core schema). Integers beyond 2^53 are bigints, both ways. Maps have text keys; tags of a
 * document's own, more than 100 aliases or aliased nodes, and payloads longer than `maxBytes` are refused.
 */
export function yamlCodec(name: string, maxBytes: number): Codec {
  return {
    name,
    decode(bytes: Uint8Array): unknown {
      if (bytes.byteLength > maxBytes) {
        throw undecodable("yaml", `${bytes.byteLength} bytes`, `at most max_bytes, ${maxBytes} bytes`);
      }
      try {
        const document = parseDocument(decodeUtf8(bytes), {
          intAsBigInt: true,
          logLevel: "error",
          prettyErrors: false,
          stringKeys: true,
          // Comparing every key of a map with all before it takes quadratic time; the last one counts.
          uniqueKeys: false,
        });
        const [problem] = [...document.errors, ...document.warnings];
        if (problem !== undefined) throw problem;
        requireFewAliases(document);
        return narrowed(document.toJS({ maxAliasCount: ALIASES }));
      } catch (error) {
        const shown = quote(decodeUtf8Leniently(bytes.subarray(0, 320)), 80);
        throw undecodable("yaml", `${shown}: ${messageOf(error).slice(0, 120)}`, "one YAML document", error);
      }
    },
    encode(value: unknown): Uint8Array {
      if (value === undefined || typeof value === "function" || typeof value === "symbol") {
        throw unencodable("yaml", value, "a value that YAML can express");
      }
      try {
        return encodeUtf8(stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 }));
      } catch (error) {
        throw unencodable("yaml", value, "a value that YAML can express", error);
      }
    },
  };
}

function requireFewAliases(document: Document): void {
  let aliases = 0;
  visit(document, {
    Alias: () => {
      aliases++;
      return aliases > ALIASES ? visit.BREAK : undefined;
    },
  });
  if (aliases > ALIASES) throw new RangeError(`more than ${ALIASES} aliases`);
}

/** Makes numbers of the bigints a number can hold, in place: the value is fresh. Aliases share, so each is seen once. */
function narrowed(value: unknown, seen: Set<object> = new Set()): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value !== "object" || value === null || seen.has(value)) return value;
  seen.add(value);
  const members = value as Record<string, unknown>;
  for (const key of Object.keys(members)) {
    if (typeof members[key] === "bigint" || typeof members[key] === "object") {
      members[key] = narrowed(members[key], seen);
    }
  }
  return value;
}
