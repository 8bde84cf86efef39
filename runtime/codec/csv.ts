/** The codec `csv`: one payload is one record, a list of texts. @module */
import type { Codec } from "./codec.ts";
import { lineOf, undecodable, unencodable } from "./codec_error.ts";
import { encodeUtf8 } from "./utf8.ts";

/**
 * One record of RFC 4180 without its line end; a quoted field may hold separators, quotes written twice and line ends.
 * Values are texts; numbers, bigints and booleans are written as their text, `null` and `undefined` as nothing.
 *
 * @param separator one character between fields
 */
export function csvCodec(name: string, separator: string): Codec {
  const special = new RegExp(`["\\r\\n${separator.replace(/[\\\]^-]/g, "\\$&")}]`);
  const write = (field: unknown): string => {
    if (field === null || field === undefined) return "";
    if (typeof field === "object" || typeof field === "function" || typeof field === "symbol") {
      throw unencodable("csv", field, "a list of texts, numbers, booleans and nulls");
    }
    const text = String(field);
    return special.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return {
    name,
    skips: (bytes: Uint8Array): boolean => bytes.byteLength === 0 || (bytes.byteLength === 1 && bytes[0] === 0x0d),
    decode(bytes: Uint8Array): unknown {
      const text = lineOf("csv", bytes);
      return text.includes('"') ? quotedRecord(text, separator) : text.split(separator);
    },
    encode(value: unknown): Uint8Array {
      if (!Array.isArray(value) || value.length === 0) {
        throw unencodable("csv", value, "a list with at least one field");
      }
      const text = value.map(write).join(separator);
      // An empty line would be no record.
      return encodeUtf8(text === "" ? '""' : text);
    },
  };
}

function quotedRecord(text: string, separator: string): string[] {
  const fields: string[] = [];
  for (let at = 0;;) {
    if (text[at] !== '"') {
      const end = text.indexOf(separator, at);
      fields.push(end < 0 ? text.slice(at) : text.slice(at, end));
      if (end < 0) return fields;
      at = end + 1;
      continue;
    }
    let from = ++at;
    let field = "";
    for (;;) {
      const quote = text.indexOf('"', at);
      if (quote < 0) throw undecodable("csv", `a quoted field without an end, at character ${from}`, "RFC 4180");
      at = quote + 1;
      if (text[at] !== '"') {
        field += text.slice(from, quote);
        break;
      }
      field += text.slice(from, at);
      from = ++at;
    }
    fields.push(field);
    if (at === text.length) return fields;
    if (text[at] !== separator) {
      throw undecodable("csv", `text behind a quoted field, at character ${at + 1}`, "a separator or the end");
    }
    at++;
  }
}
