/** Codecs by name, with the schemas of their configuration. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { checkConfig } from "../manifest/check_config.ts";
import { emptyConfig } from "../manifest/config_checker.ts";
import { quote } from "../manifest/untrusted_text.ts";
import { binary } from "./binary.ts";
import type { Codec } from "./codec.ts";
import type { CodecConfig } from "./codec_config.ts";
import { csvCodec } from "./csv.ts";
import { dogstatsd } from "./dogstatsd.ts";
import type { FormatEntry } from "./format_entry.ts";
import { graphite } from "./graphite.ts";
import { influxCodec } from "./influx.ts";
import { json, jsonCodec } from "./json.ts";
import { msgpack } from "./msgpack.ts";
import { nullCodec } from "./null.ts";
import { statsd } from "./statsd.ts";
import { string } from "./string.ts";
import { syslog } from "./syslog.ts";
import { yamlCodec } from "./yaml.ts";

/** A codec as flows name it. */
export interface CodecEntry extends FormatEntry {
  /** Makes it from a configuration that was checked; `name` says what is not the default. */
  create(config: Record<string, unknown>, name: string, subject: string): Codec;
}

function fixed(codec: Codec, summary: string, unsupported: readonly string[] = []): [string, CodecEntry] {
  return [codec.name, { summary, unsupported, schema: emptyConfig, create: () => codec }];
}

/** Every codec the runtime brings. */
export const codecEntries: ReadonlyMap<string, CodecEntry> = new Map<string, CodecEntry>([
  ["json", {
    summary: "One JSON text in UTF-8. Bigints are written as integers with all their digits.",
    unsupported: [
      "JSON5, comments and several texts in one payload (cut them with a preprocessor)",
      "NaN and Infinity, which are written as null",
    ],
    schema: {
      type: "object",
      properties: {
        mode: {
          enum: ["unsorted", "sorted"],
          default: "unsorted",
          description: "sorted writes the members of objects by name; names that are integers come first.",
        },
        integers: {
          enum: ["number", "bigint"],
          default: "number",
          description: "What an integer beyond 2^53 becomes: a number that loses digits, or a bigint (slower).",
        },
      },
    },
    create: (config, name) =>
      name === "json"
        ? json
        : jsonCodec(name, { sorted: config["mode"] === "sorted", wide: config["integers"] === "bigint" }),
  }],
  fixed(msgpack, "One MessagePack value. Integers beyond 2^53 are bigints, timestamps are `Date`s.", [
    "timestamps finer than a millisecond",
    "maps with keys other than texts and numbers",
  ]),
  fixed(string, "One text in UTF-8; a value that is no text is written as JSON.", ["other encodings than UTF-8"]),
  fixed(binary, "The bytes as they are."),
  ["csv", {
    summary: "One record of RFC 4180: a list of texts. An empty line is no event.",
    unsupported: [
      "a header line that names the fields",
      "records over several lines, unless a preprocessor keeps them together",
      "separators of more than one character",
    ],
    schema: {
      type: "object",
      properties: {
        separator: {
          type: "string",
          minLength: 1,
          maxLength: 1,
          default: ",",
          description: "Character between fields.",
        },
      },
    },
    create: (config, name, subject) => {
      const separator = config["separator"] as string;
      if (!/^["\r\n\ud800-\udfff]$/.test(separator)) return csvCodec(name, separator);
      throw new CaissonError("CAISSON_CONFIG_INVALID", {
        subject: `${subject}.separator`,
        found: quote(separator),
        allowed: "one character that is neither a quote nor a line end",
      });
    },
  }],
  ["yaml", {
    summary: "One YAML 1.2 document, core schema. Integers beyond 2^53 are bigints.",
    unsupported: [
      "several documents in one payload",
      "more than 100 aliases in a document",
      "tags of a document's own",
      "keys that are not texts",
      "comments, which are lost when an event is written anew",
    ],
    schema: {
      type: "object",
      properties: {
        max_bytes: {
          type: "integer",
          minimum: 1,
          maximum: 1 << 26,
          default: 1 << 16,
          description:
            "Longest document that is read; hostile ones take up to 10 µs a byte, and nothing else runs then.",
        },
      },
    },
    create: (config, name) => yamlCodec(name, config["max_bytes"] as number),
  }],
  ["influx", {
    summary:
      "One line of the InfluxDB line protocol. Integer fields and timestamps are bigints; comments are no events.",
    unsupported: ["timestamps in another unit than nanoseconds"],
    schema: {
      type: "object",
      properties: {
        integers: {
          enum: ["bigint", "number"],
          default: "bigint",
          description:
            "What a field such as 82i becomes. number keeps those within 2^53 as numbers and writes them as floats.",
        },
      },
    },
    create: (config, name) => influxCodec(name, config["integers"] === "number"),
  }],
  fixed(statsd, "One StatsD measurement.", [
    "sets of texts (numbers only)",
    "tags (see dogstatsd)",
    "several measurements in one payload (cut them with separate)",
  ]),
  fixed(dogstatsd, "One DogStatsD metric, event or service check, version 1.3.", [
    "sets of texts (numbers only)",
    "the sections e: and card: of version 1.4 and later",
  ]),
  fixed(graphite, "One measurement of Graphite's plaintext protocol.", [
    "the pickle protocol",
    "several blanks between fields",
  ]),
  fixed(syslog, "One syslog message, RFC 5424 or RFC 3164.", [
    "the year and zone of RFC 3164, which it does not say: the year of entry and UTC are taken",
    "times of RFC 3164 in the form of ISO 8601",
    "leap seconds",
  ]),
  fixed(nullCodec, "Every payload is `null`, and every value is written as no bytes."),
]);

/** Names of the codecs the runtime brings. */
export const codecNames: readonly string[] = [...codecEntries.keys()];

/**
 * The codec of that name and configuration; codecs have no state.
 *
 * @param named its name, or its name with a configuration
 * @param subject where it stands, such as `flow/in: codec`
 * @throws {CaissonError} `CAISSON_CONFIG_INVALID` when there is none, or its configuration is wrong
 *
 * @example
 * ```ts
 * import { createCodec } from "./codecs.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const codec = createCodec({ name: "json", config: { mode: "sorted" } });
 * assertEquals(new TextDecoder().decode(codec.encode({ b: 1, a: 2n ** 60n })), '{"a":1152921504606846976,"b":1}');
 * ```
 */
export function createCodec(named: CodecConfig, subject = "codec"): Codec {
  const { name, config = {} } = typeof named === "string" ? { name: named } : named;
  const entry = codecEntries.get(name);
  if (entry === undefined) {
    throw new CaissonError("CAISSON_CONFIG_INVALID", {
      subject,
      found: quote(name),
      allowed: codecNames.join(", "),
    });
  }
  const where = `${subject} ${name}: config`;
  const checked = checkConfig(entry.schema, config, where);
  return entry.create(checked, name + differences(entry, checked), where);
}

/** The options that are not the default, for the name: codecs of one name read and write the same bytes. */
function differences({ schema }: CodecEntry, config: Readonly<Record<string, unknown>>): string {
  const properties = schema["properties"] as Readonly<Record<string, { readonly default?: unknown }>>;
  const different = Object.keys(properties).filter((key) => config[key] !== properties[key]!.default);
  if (different.length === 0) return "";
  return ` ${JSON.stringify(Object.fromEntries(different.map((key) => [key, config[key]])))}`;
}
