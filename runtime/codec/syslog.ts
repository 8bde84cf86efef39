/** The codec `syslog`: one payload is one message of RFC 5424 or RFC 3164. @module */
import { quote } from "../manifest/untrusted_text.ts";
import type { Codec } from "./codec.ts";
import { lineOf, undecodable, unencodable } from "./codec_error.ts";
import { asNanoseconds, nanosecondsOf } from "./numbers.ts";
import { isMembers } from "./plain_object.ts";
import { parse3164, time3164 } from "./syslog_3164.ts";
import { dataText, fieldText, parse5424, timeText } from "./syslog_5424.ts";
import { priorityNumber, takePriority } from "./syslog_priority.ts";
import { encodeUtf8 } from "./utf8.ts";

/** Milliseconds a Date can hold, as nanoseconds. */
const LATEST = 8_640_000_000_000_000n * 1_000_000n;

/**
 * A message as `{ severity, facility, timestamp, hostname, appname, procid, msgid, structured_data, msg, protocol,
 * protocol_version }`; what a message does not say is absent.
 *
 * The timestamp is a bigint of nanoseconds. A text without a priority is a message of RFC 3164 with the severity
 * `notice` and the facility `user`, and the time the event entered the system. RFC 3164 says neither year nor zone:
 * the year is that of the event's entry, the zone is UTC.
 */
export const syslog: Codec = {
  name: "syslog",
  decode(bytes: Uint8Array, timestampMs: number = Date.now()): unknown {
    const line = lineOf("syslog", bytes);
    const priority = takePriority(line);
    if (priority === undefined) {
      return { severity: "notice", facility: "user", ...parse3164(line, timestampMs), protocol: "RFC3164" };
    }
    const { severity, facility, rest } = priority;
    const version = /^([1-9]\d{0,2}) /.exec(rest);
    if (version === null) return { severity, facility, ...parse3164(rest, timestampMs), protocol: "RFC3164" };
    const parsed = parse5424(rest.slice(version[0].length));
    if (typeof parsed === "string") {
      throw undecodable("syslog", `${quote(line, 80)}: ${parsed}`, "RFC 5424 or RFC 3164");
    }
    return { severity, facility, ...parsed, protocol: "RFC5424", protocol_version: Number(version[1]) };
  },
  encode(value: unknown): Uint8Array {
    const text = isMembers(value) ? messageText(value) : undefined;
    if (text !== undefined) return encodeUtf8(text);
    throw unencodable("syslog", value, "a message as the codec reads it, with protocol RFC5424 or RFC3164");
  },
};

function messageText(value: Readonly<Record<string, unknown>>): string | undefined {
  const { severity, facility, msg = "", protocol = "RFC5424", protocol_version: version = 1, timestamp } = value;
  const priority = priorityNumber(facility, severity);
  if (priority === undefined || typeof msg !== "string") return undefined;
  const hostname = fieldText(value["hostname"], 255);
  const appname = fieldText(value["appname"], protocol === "RFC3164" ? 255 : 48);
  const procid = fieldText(value["procid"], 128);
  if (hostname === undefined || appname === undefined || procid === undefined) return undefined;
  const time = timestamp === undefined || timestamp === null ? undefined : asNanoseconds(timestamp);
  if (time === undefined && timestamp !== undefined && timestamp !== null) return undefined;
  if (time !== undefined && (time > LATEST || time < -LATEST)) return undefined;
  if (protocol === "RFC3164") {
    if (/[:[\]]/.test(appname) || /[\]]/.test(procid)) return undefined;
    const tag = `${appname === "-" ? "" : appname}${procid === "-" ? "" : `[${procid}]`}`;
    return `<${priority}>${time3164(time ?? nanosecondsOf(Date.now()))} ${hostname} ${tag}: ${msg}`;
  }
  if (protocol !== "RFC5424" || !Number.isInteger(version) || Number(version) < 1 || Number(version) > 999) {
    return undefined;
  }
  const msgid = fieldText(value["msgid"], 32);
  const data = dataText(value["structured_data"]);
  const stamp = time === undefined ? "-" : timeText(time);
  if (msgid === undefined || data === undefined || stamp === undefined) return undefined;
  const head = `<${priority}>${version} ${stamp} ${hostname} ${appname} ${procid} ${msgid} ${data}`;
  return msg === "" ? head : `${head} ${msg}`;
}
