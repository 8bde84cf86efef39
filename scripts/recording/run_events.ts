// What a run of this project's tests and checks has to tell, as events.

/** An application event, before it gets its id and host. */
export interface RunEvent {
  /** When it began, milliseconds since 1970. */
  readonly ts: number;
  /** `warning` is a test that took long or was skipped. */
  readonly level: "info" | "warning" | "error";
  /** The part of the project it comes from. */
  readonly service: string;
  /** What happened. */
  readonly msg: string;
  /** How long it took. */
  readonly durationMs?: number;
  /** The file it is about, relative to the root of the repository. */
  readonly file?: string;
  /** The line in it. */
  readonly line?: number;
}

/** A test that takes longer deserves a look, in milliseconds. */
const SLOW_TEST_MS = 250;

const ENTITIES: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&apos;": "'",
};

function unescapeXml(text: string): string {
  return text
    .replaceAll(/&(?:amp|lt|gt|quot|apos);/g, (entity) => ENTITIES[entity]!)
    .replaceAll(/&#(x?)([0-9a-f]+);/gi, (_, hex, code) => String.fromCodePoint(parseInt(code, hex === "" ? 10 : 16)));
}

/** Folders of this machine are nobody's business. */
function withoutFolders(text: string, root: string): string {
  return text
    .replaceAll(root, "")
    .replaceAll(/(?:file:\/\/)?\/(?:tmp|private|var|root|home|Users)\/[\w./@-]*/g, "<folder>");
}

function attribute(attributes: string, name: string): string {
  return unescapeXml(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
}

/**
 * Events of a JUnit report. It has no times of day: a test is taken to begin when the one before it in the report ended.
 */
export function testEvents(report: string, start: number, root: string): RunEvent[] {
  const events: RunEvent[] = [];
  let ts = start;
  for (const [, attributes, body] of report.matchAll(/<testcase ([^>]*)>([\s\S]*?)<\/testcase>/g)) {
    const file = attribute(attributes!, "classname").replace(/^\.\//, "");
    const durationMs = Math.round(Number(attribute(attributes!, "time")) * 1_000);
    const name = attribute(attributes!, "name");
    const failure = /<failure message="([^"]*)"/.exec(body!)?.[1];
    const outcome = failure !== undefined ? "failed" : body!.includes("<skipped") ? "skipped" : "passed";
    const isSlow = durationMs >= SLOW_TEST_MS;
    const cause = failure === undefined ? "" : `: ${unescapeXml(failure).split("\n")[0]}`;
    events.push({
      ts,
      level: outcome === "failed" ? "error" : outcome === "skipped" || isSlow ? "warning" : "info",
      service: `tests/${file.split("/")[1] ?? ""}`,
      msg: withoutFolders(`${outcome}${isSlow ? " slowly" : ""}: ${name}${cause}`, root),
      durationMs,
      file,
      line: Number(attribute(attributes!, "line")),
    });
    ts += durationMs;
  }
  return events;
}

/** Events of what a failed check printed: a line is one event, its place in the source is told apart. */
export function failedLines(output: string, ts: number, name: string, root: string): RunEvent[] {
  // deno-lint-ignore no-control-regex -- colours are control characters
  const plain = output.replaceAll(/\x1b\[[0-9;]*m/g, "");
  return plain.split("\n")
    .filter((line) => /^\s*(?:error|note|warning|TS\d+)\b/i.test(line))
    .map((line) => {
      const place = /([\w./-]+\.\w+):(\d+)/.exec(line);
      const severity = /^\s*(?:note|warning)/i.test(line) ? "warning" : "error";
      return {
        ts,
        level: severity,
        service: name.split(" ")[0]!,
        msg: withoutFolders(line.trim(), root),
        ...(place !== null && { file: withoutFolders(place[1]!, root), line: Number(place[2]) }),
      };
    });
}
