/** Dates in a format such as `%Y-%m-%d %H:%M:%S`; the result is milliseconds since 1970. @module */
import { finite } from "../expression_values.ts";
import { invalid } from "../invalid.ts";

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** What each directive matches. */
const directives: Readonly<Record<string, string>> = {
  Y: "(?<Y>\\d{4})",
  m: "(?<m>\\d{1,2})",
  d: "(?<d>\\d{1,2})",
  e: " ?(?<d>\\d{1,2})",
  H: "(?<H>\\d{1,2})",
  M: "(?<M>\\d{2})",
  S: "(?<S>\\d{2})",
  f: "(?<f>\\d{1,9})",
  b: "(?<b>[A-Za-z]{3})",
  B: "(?<b>[A-Za-z]{3,9})",
  a: "[A-Za-z]{3}",
  A: "[A-Za-z]{6,9}",
  z: "(?<z>Z|[+-]\\d{2}:?\\d{2})",
  s: "(?<s>-?\\d+)",
  "%": "%",
};
const shorthands: Readonly<Record<string, string>> = { F: "%Y-%m-%d", T: "%H:%M:%S" };

/** Compiles a format; without `%z` the time is UTC. @throws {CaissonError} `CAISSON_FLOW_INVALID` */
export function compileDatetime(format: string, path: string): (text: string) => unknown {
  const used = new Set<string>();
  const long = format.replace(/%([FT])/g, (_, letter: string) => shorthands[letter]!);
  const source = long.replace(/%(.)|[\\^$.|?*+()[\]{}/]/g, (match, letter?: string) => {
    if (letter === undefined) return `\\${match}`;
    const directive = directives[letter];
    if (directive === undefined) {
      throw invalid(path, match, Object.keys({ ...directives, ...shorthands }).map((each) => `%${each}`).join(" "));
    }
    const group = /\?<(\w)>/.exec(directive)?.[1];
    if (group !== undefined && used.has(group)) throw invalid(path, `${match} twice`, "each part of a date once");
    if (group !== undefined) used.add(group);
    return directive;
  });
  if (!used.has("s") && !(used.has("Y") && (used.has("m") || used.has("b")) && used.has("d"))) {
    throw invalid(path, format, "a format with year, month and day, or with %s");
  }
  const regex = new RegExp(`^${source}$`);
  return (text) => {
    const groups = regex.exec(text)?.groups;
    return groups === undefined ? undefined : momentOf(groups);
  };
}

function momentOf(groups: Readonly<Record<string, string | undefined>>): number | undefined {
  const { Y, m, b, d, H = "0", M = "0", S = "0", f = "0", z = "Z", s } = groups;
  const fraction = Number(`0.${f}`) * 1000;
  if (s !== undefined) return finite(Number(s) * 1000 + fraction);
  const month = b === undefined ? Number(m) - 1 : months.indexOf(b.slice(0, 3).toLowerCase());
  const parts = [Number(Y), month, Number(d), Number(H), Number(M), Math.min(59, Number(S))] as const;
  const moment = Date.UTC(...parts);
  const date = new Date(moment);
  // The 31st of February is no date, though Date.UTC takes it for one in March.
  if (date.getUTCMonth() !== month || date.getUTCDate() !== Number(d) || Number(H) > 23 || Number(M) > 59) {
    return undefined;
  }
  if (Number(S) > 60) return undefined;
  const zone = /^([+-])(\d{2}):?(\d{2})$/.exec(z);
  const offset = zone === null ? 0 : (zone[1] === "-" ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3]));
  return moment - offset * 60_000 + fraction + (S === "60" ? 1000 : 0);
}
