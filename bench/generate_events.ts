/** Events alike those of Tremor's benchmark data, for machines where that file is not. @module */

const WORDS =
  "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna aliqua"
    .split(" ");

/** The workload's selecting field and how many of 100 events have it, as counted in Tremor's file. */
const CLASSES: readonly (readonly [count: number, fields: Readonly<Record<string, unknown>>])[] = [
  [13, { application: "app1" }],
  [20, { application: "app2" }],
  [16, { application: "app3" }],
  [21, { application: "app4" }],
  [14, { application: "app5" }],
  [2, { "index_type": "applog_app6" }],
  [3, { "index_type": "syslog_app1" }],
  [8, { tags: ["tag4", "tag1", "tag2", "tag1", "tag4"] }],
  [1, { "index_type": "syslog_app5" }],
  [2, {}],
];

/** A small generator with a seed (xorshift, 32 bits): the same numbers on every machine. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4294967296;
  };
}

/** 100 events of some 629 bytes with 13 fields each, one JSON text a line. */
export function generateEvents(seed = 1): string {
  const random = seeded(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const lines: string[] = [];
  const classes = CLASSES.flatMap(([count, fields]) => Array.from({ length: count }, () => fields));
  for (let last = classes.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [classes[last], classes[other]] = [classes[other]!, classes[last]!];
  }
  for (const fields of classes) {
    const target = 540 + Math.floor(random() * 178);
    const event: Record<string, unknown> = {
      about: "",
      guid: Array.from({ length: 4 }, () => Math.floor(random() * 4294967296).toString(16).padStart(8, "0")).join("-"),
      abool: random() < 0.5,
      aint: Math.floor(random() * 100),
      "short_message": pick(["info", "warning", "error"]),
      tags: ["tag2", "tag3", "tag4"],
      array: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
      "index_type": pick(["sqlserverlog", "weblog"]),
      "logger_name": pick(["logger1", "logger2", "logger3"]),
      "syslog_hostname": pick(["host1", "host2", "host3"]),
      application: pick(["app7", "app8"]),
      type: "sillylog",
      "doc-type": "doc",
      ...fields,
    };
    let about = "";
    const rest = JSON.stringify(event).length;
    while (rest + about.length < target) about += `${about === "" ? "" : " "}${pick(WORDS)}`;
    lines.push(JSON.stringify({ ...event, about }));
  }
  return `${lines.join("\n")}\n`;
}
