/** The number in front of a syslog message. @module */

/** Facilities by number, as RFC 5424 counts them. */
const FACILITIES: readonly string[] = [
  ...["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"],
  ...[
    "ntp",
    "audit",
    "alert",
    "clockd",
    "local0",
    "local1",
    "local2",
    "local3",
    "local4",
    "local5",
    "local6",
    "local7",
  ],
];

/** Severities by number. */
const SEVERITIES: readonly string[] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/** A priority taken from the front of a message. */
export interface Priority {
  /** Name of the facility. */
  readonly facility: string;
  /** Name of the severity. */
  readonly severity: string;
  /** What follows it. */
  readonly rest: string;
}

/** The priority in front of a message, or `undefined` when there is none. */
export function takePriority(line: string): Priority | undefined {
  const head = /^<(\d{1,3})>/.exec(line);
  if (head === null) return undefined;
  const number = Number(head[1]);
  const facility = FACILITIES[number >> 3];
  if (facility === undefined) return undefined;
  return { facility, severity: SEVERITIES[number & 7]!, rest: line.slice(head[0].length) };
}

/** The number of a priority, or `undefined` for names there are not. */
export function priorityNumber(facility: unknown, severity: unknown): number | undefined {
  const high = FACILITIES.indexOf(facility as string);
  const low = SEVERITIES.indexOf(severity as string);
  return high < 0 || low < 0 ? undefined : high * 8 + low;
}
