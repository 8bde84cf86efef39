/**
 * Makes a long input out of a recorded sample: the same lines over and over in a random order, with later and later
 * times, and addresses and ids of their own. The same options give the same bytes.
 */

/** Options of {@linkcode replay}. */
export interface ReplayOptions {
  /** The recorded lines. */
  readonly sample: string;
  /** The file to write; one that is there is replaced. */
  readonly target: string;
  /** How many lines to write. */
  readonly lines: number;
  /** `access` for nginx lines, `events` for JSON objects with `ts` and `level`. */
  readonly format: "access" | "events";
  /** Start of the random sequence. @default {1} */
  readonly seed?: number;
  /** Time of the first line, milliseconds since 1970. @default {Date.UTC(2026, 10, 22, 18)} */
  readonly start?: number;
  /** Lines a second, on average, in the times written. @default {500} */
  readonly rate?: number;
}

/** Text is encoded and written this many lines at a time. */
const LINES_PER_WRITE = 8_192;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Random numbers from 0 to below 2³²: xorshift, short and the same everywhere. */
function randomNumbers(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

/** A time as nginx writes it, such as `22/Nov/2026:18:00:00 +0000`. */
function nginxTime(milliseconds: number): string {
  const iso = new Date(milliseconds).toISOString();
  const month = MONTHS[Number(iso.slice(5, 7)) - 1]!;
  return `${iso.slice(8, 10)}/${month}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
}

/** Writes a line of the sample with a time, a client or host number and an id. */
type Template = (time: number, who: number, id: number) => string;

/** Clients live in 10.0.0.0/8, far fewer than lines, as real ones come back. */
function address(who: number): string {
  return `10.${who & 3}.${(who >>> 2) & 31}.${1 + ((who >>> 7) % 254)}`;
}

function accessTemplates(sample: readonly string[]): Template[] {
  let second = NaN;
  let text = "";
  const timeText = (time: number): string => {
    const now = Math.floor(time / 1_000);
    if (now !== second) [second, text] = [now, nginxTime(time)];
    return text;
  };
  return sample.map((line) => {
    const parts = /^\S+( .*? \[)[^\]]*(\] .*)$/.exec(line);
    if (parts === null) throw new TypeError(`Not a line of an access log: ${line}`);
    const [, before, after] = parts;
    return (time, who) => `${address(who)}${before}${timeText(time)}${after}\n`;
  });
}

function eventTemplates(sample: readonly string[]): Template[] {
  return sample.map((line) => {
    const { ts: _ts, id: _id, host: _host, ...rest } = JSON.parse(line) as Record<string, unknown>;
    const after = JSON.stringify(rest).slice(1);
    return (time, who, id) => {
      const ts = new Date(time).toISOString();
      const hex = id.toString(16).padStart(8, "0");
      return `{"ts":"${ts}","id":"${hex}","host":"builder-${who % 24}",${after}\n`;
    };
  });
}

async function writeAll(file: Deno.FsFile, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/**
 * Writes the input; the result is how many lines it has.
 *
 * @throws {TypeError} when the sample is empty or holds a line of another format
 */
export async function replay(options: ReplayOptions): Promise<number> {
  const { sample, target, lines, format, seed = 1, start = Date.UTC(2026, 10, 22, 18), rate = 500 } = options;
  const recorded = (await Deno.readTextFile(sample)).split("\n").filter((line) => line !== "");
  if (recorded.length === 0) throw new TypeError(`The sample ${sample} has no lines`);
  const templates = format === "access" ? accessTemplates(recorded) : eventTemplates(recorded);
  const random = randomNumbers(seed);
  const longestGap = 2_000 / rate;
  let time = start;
  using file = await Deno.create(target);
  for (let written = 0; written < lines;) {
    let text = "";
    const end = Math.min(lines, written + LINES_PER_WRITE);
    for (; written < end; written += 1) {
      time += longestGap * (random() / 2 ** 32);
      text += templates[random() % templates.length]!(time, random() >>> 8, random());
    }
    await writeAll(file, text);
  }
  return lines;
}
