/** Grok: regular expressions put together of named ones, `%{IP:client} %{NUMBER:bytes:int}`. @module */
import { asNumber } from "../expression_values.ts";
import { invalid } from "../invalid.ts";
import { putOwn } from "../own_field.ts";
import { newRegex } from "./regex.ts";

const patterns: Readonly<Record<string, string>> = {
  WORD: "\\b\\w+\\b",
  NOTSPACE: "\\S+",
  SPACE: "\\s*",
  DATA: ".*?",
  GREEDYDATA: ".*",
  INT: "[+-]?\\d+",
  POSINT: "[1-9]\\d*",
  NONNEGINT: "\\d+",
  NUMBER: "[+-]?(?:\\d+(?:\\.\\d+)?|\\.\\d+)(?:[eE][+-]?\\d+)?",
  BASE16NUM: "(?:0[xX])?[0-9a-fA-F]+",
  BOOLEAN: "true|false",
  UUID: "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
  QUOTEDSTRING: "\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'",
  IPV4: "(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)\\.){3}(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)",
  IPV6: "[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?:%\\w+)?",
  IP: "%{IPV6}|%{IPV4}",
  HOSTNAME: "\\b[0-9A-Za-z][0-9A-Za-z-]{0,62}(?:\\.[0-9A-Za-z][0-9A-Za-z-]{0,62})*\\.?",
  IPORHOST: "%{IP}|%{HOSTNAME}",
  HOSTPORT: "(?:%{IPORHOST}):%{POSINT}",
  USERNAME: "[a-zA-Z0-9._-]+",
  USER: "%{USERNAME}",
  EMAILADDRESS: "[a-zA-Z0-9._%+-]+@%{HOSTNAME}",
  UNIXPATH: "(?:/[\\w%!$@:.,+~-]*)+",
  URIPATH: "(?:/[\\w.%!$'()*+,;:@~&=#-]*)+",
  URIPARAM: "\\?[^\\s#]*",
  URIPATHPARAM: "%{URIPATH}(?:%{URIPARAM})?",
  URI: "[A-Za-z][A-Za-z0-9+.-]*://(?:[^\\s/@]+@)?(?:%{IPORHOST}(?::\\d+)?)?(?:%{URIPATHPARAM})?",
  MONTH:
    "\\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\\b",
  MONTHNUM: "0?[1-9]|1[0-2]",
  MONTHDAY: "0[1-9]|[12]\\d|3[01]|[1-9]",
  DAY: "\\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*\\b",
  YEAR: "\\d{4}|\\d{2}",
  HOUR: "2[0-3]|[01]?\\d",
  MINUTE: "[0-5]\\d",
  SECOND: "(?:[0-5]?\\d|60)(?:[:.,]\\d+)?",
  TIME: "(?:%{HOUR}):(?:%{MINUTE}):(?:%{SECOND})",
  ISO8601_TIMEZONE: "Z|[+-](?:%{HOUR}):?(?:%{MINUTE})",
  TIMESTAMP_ISO8601:
    "(?:%{YEAR})-(?:%{MONTHNUM})-(?:%{MONTHDAY})[T ](?:%{HOUR}):?(?:%{MINUTE})(?::?(?:%{SECOND}))?(?:%{ISO8601_TIMEZONE})?",
  SYSLOGTIMESTAMP: "%{MONTH} +(?:%{MONTHDAY}) %{TIME}",
  HTTPDATE: "(?:%{MONTHDAY})/%{MONTH}/(?:%{YEAR}):%{TIME} [+-]\\d{4}",
  PROG: "[\\x21-\\x5a\\x5c\\x5e-\\x7e]+",
  SYSLOGPROG: "(?<program>%{PROG})(?:\\[(?<pid>\\d+)\\])?",
  LOGLEVEL:
    "[Tt]race|TRACE|[Dd]ebug|DEBUG|[Nn]otice|NOTICE|[Ii]nfo(?:rmation)?|INFO(?:RMATION)?|[Ww]arn(?:ing)?|WARN(?:ING)?|[Ee]rr(?:or)?|ERR(?:OR)?|[Cc]rit(?:ical)?|CRIT(?:ICAL)?|[Ff]atal|FATAL|[Ss]evere|SEVERE|[Aa]lert|ALERT|[Ee]merg(?:ency)?|EMERG(?:ENCY)?",
  COMMONAPACHELOG:
    '%{IPORHOST:clientip} %{NOTSPACE:ident} %{NOTSPACE:auth} \\[%{HTTPDATE:timestamp}\\] "(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" %{NUMBER:response:int} (?:%{NUMBER:bytes:int}|-)',
  COMBINEDAPACHELOG: "%{COMMONAPACHELOG} %{QUOTEDSTRING:referrer} %{QUOTEDSTRING:agent}",
};

/** Deepest nesting of patterns. */
const DEEPEST = 16;

/** Compiles a grok pattern. @throws {CaissonError} `CAISSON_FLOW_INVALID` for a name that is unknown */
export function compileGrok(pattern: string, path: string): (text: string) => unknown {
  const fields: { readonly group: string; readonly name: string; readonly type: string | undefined }[] = [];
  const expand = (source: string, depth: number): string => {
    if (depth > DEEPEST) throw invalid(path, "patterns nested too deeply", `at most ${DEEPEST} levels`);
    return source.replace(/%\{(\w+)(?::([^:}]+))?(?::(\w+))?\}/g, (_, name: string, field?: string, type?: string) => {
      const inner = Object.hasOwn(patterns, name) ? patterns[name]! : undefined;
      if (inner === undefined) throw invalid(path, `the pattern ${name}`, Object.keys(patterns).join(", "));
      if (type !== undefined && !["int", "long", "float", "double", "number"].includes(type)) {
        throw invalid(path, `the type ${type}`, "int, float");
      }
      const expanded = expand(inner, depth + 1);
      if (field === undefined) return `(?:${expanded})`;
      const group = `g${fields.length}`;
      fields.push({ group, name: field, type });
      return `(?<${group}>${expanded})`;
    });
  };
  const source = expand(pattern, 0);
  const open = /%\{[^}]*\}?/.exec(source);
  if (open !== null) throw invalid(path, open[0], "%{PATTERN}, %{PATTERN:name} or %{PATTERN:name:int}");
  const regex = newRegex(source, "", path);
  return (text) => {
    const match = regex.exec(text);
    if (match === null) return undefined;
    const groups = match.groups ?? {};
    const found: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(groups)) {
      if (!/^g\d+$/.test(name) && value !== undefined) putOwn(found, name, value);
    }
    for (const { group, name, type } of fields) {
      const value = groups[group];
      // A text that is no number gives none, as everywhere.
      const made = type === undefined || value === undefined ? value : asNumber(value);
      if (made !== undefined) putOwn(found, name, made);
    }
    return found;
  };
}
