/** An answer as a value: what an event of `http_server` with `"answer": "response"` says. @module */
import { validateHeaderName, validateHeaderValue } from "node:http";
import { CaissonError } from "../../../errors/caisson_error.ts";
import { excerpt } from "../../../manifest/untrusted_text.ts";

/** Status and headers of an answer. */
export interface AnswerHead {
  /** 200 to 599. */
  readonly status: number;
  /** By name, in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

/** A whole answer. */
export interface AnswerValue extends AnswerHead {
  /** What it carries. */
  readonly body: Uint8Array;
}

/** Where an answer's value leaves something out. */
export interface AnswerDefaults {
  /** `flow/connector`, for errors. */
  readonly alias: string;
  /** Status. */
  readonly status: number;
  /** Type of the body. */
  readonly contentType: string;
}

const MEMBERS: readonly string[] = ["status", "headers", "body", "body_base64"];

/** They follow from the body and the connection; a flow that could set them could break off other answers. */
const OURS: readonly string[] = [
  "connection",
  "content-length",
  "keep-alive",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/**
 * Reads the JSON of an event.
 *
 * @throws {CaissonError} `CAISSON_SINK_FAILED` for one that is no answer
 */
export function answerOf(json: Uint8Array, defaults: AnswerDefaults): AnswerValue {
  const refuse = (found: string, allowed: string): CaissonError =>
    new CaissonError("CAISSON_SINK_FAILED", { subject: `${defaults.alias} answer`, found, allowed });
  const value = parse(json);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw refuse(value === undefined ? "no JSON" : excerpt(value), `a record of ${MEMBERS.join(", ")}`);
  }
  const record = value as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(record).find((key) => !MEMBERS.includes(key));
  if (unknown !== undefined) throw refuse(`a member ${excerpt(unknown)}`, MEMBERS.join(", "));
  const { status = defaults.status } = record;
  if (!Number.isInteger(status) || (status as number) < 200 || (status as number) > 599) {
    throw refuse(`a status of ${excerpt(status)}`, "200 to 599");
  }
  const headers = headersOf(record["headers"] ?? {}, refuse);
  headers["content-type"] ??= defaults.contentType;
  return { status: status as number, headers, body: bodyOf(record, refuse) };
}

type Refuse = (found: string, allowed: string) => CaissonError;

function parse(json: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch {
    return undefined;
  }
}

function headersOf(value: unknown, refuse: Refuse): Record<string, string | readonly string[]> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw refuse(`headers of ${excerpt(value)}`, "a record of texts, or lists of texts");
  }
  const headers: Record<string, string | readonly string[]> = {};
  for (const [given, found] of Object.entries(value)) {
    const name = given.toLowerCase();
    if (OURS.includes(name)) {
      throw refuse(`a header ${excerpt(given)}`, "headers that the server does not set by itself");
    }
    const texts: readonly unknown[] = Array.isArray(found) ? found : [found];
    try {
      validateHeaderName(name);
      for (const text of texts) {
        if (typeof text !== "string") throw new TypeError();
        validateHeaderValue(name, text);
      }
    } catch {
      throw refuse(
        `a header ${excerpt(given)} of ${excerpt(found)}`,
        "a name and texts as HTTP has them, without line ends",
      );
    }
    headers[name] = Array.isArray(found) ? texts as string[] : found as string;
  }
  return headers;
}

function bodyOf(record: Readonly<Record<string, unknown>>, refuse: Refuse): Uint8Array {
  const { body, "body_base64": encoded } = record;
  if (encoded === undefined) {
    if (body === undefined) return new Uint8Array();
    return new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
  }
  if (body !== undefined) throw refuse("body and body_base64", "one of them");
  try {
    if (typeof encoded === "string") return Uint8Array.fromBase64(encoded);
  } catch {
    // Told below.
  }
  throw refuse(`a body_base64 of ${excerpt(encoded)}`, "RFC 4648, section 4");
}
