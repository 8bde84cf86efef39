import { assert, assertEquals } from "@std/assert";
import { createLogger, type LogLevel } from "../../runtime/telemetry/log.ts";

function collect(level?: LogLevel) {
  const lines: string[] = [];
  const log = createLogger({
    sink: (line) => lines.push(line),
    now: () => 0,
    ...(level === undefined ? {} : { level }),
  });
  return { lines, log };
}

Deno.test("the log writes one JSON object a line", () => {
  const { lines, log } = collect();
  log.write("error", "broken", { connector: "flow/in", code: "CAISSON_SINK_FAILED", count: 3n });
  assertEquals(lines, [
    '{"time":"1970-01-01T00:00:00.000Z","level":"error","message":"broken","connector":"flow/in",' +
    '"code":"CAISSON_SINK_FAILED","count":"3"}\n',
  ]);
});

Deno.test("the log writes the level asked for and everything more serious", () => {
  const levels: readonly LogLevel[] = ["error", "warning", "info", "debug"];
  for (const [most, level] of [...levels, undefined].entries()) {
    const { lines, log } = collect(level);
    for (const each of levels) log.write(each, "x");
    assertEquals(lines.length, level === undefined ? 2 : most + 1);
  }
});

Deno.test("no message or field can forge a line, move the cursor or hide text", () => {
  const { lines, log } = collect();
  const hostile = 'x\n{"level":"error"}\r\u001b[2J\u007f\u009b31m\u202e\u200b\u0000\ufeff';
  log.write("error", hostile, { [hostile]: hostile, nested: { list: [hostile] } });
  assertEquals(lines.length, 1);
  // deno-lint-ignore no-control-regex
  assert(!/[\u0000-\u001f\u007f-\u009f\u200b\u202e\ufeff]/.test(lines[0]!.slice(0, -1)), lines[0]);
  const line = JSON.parse(lines[0]!);
  assertEquals([line.message, line[hostile], line.nested.list[0]], [hostile, hostile, hostile]);
});

Deno.test("a field cannot take the place of time, level or message", () => {
  const { lines, log } = collect();
  log.write("warning", "real", { time: "never", level: "debug", message: "forged" });
  assertEquals(JSON.parse(lines[0]!), { time: "1970-01-01T00:00:00.000Z", level: "warning", message: "real" });
});

Deno.test("the log shortens what is endless and survives what is no JSON", () => {
  const { lines, log } = collect();
  const circle: { self?: unknown } = {};
  circle.self = circle;
  log.write("error", "x".repeat(1_000_000), { text: "y".repeat(1_000_000) });
  log.write("error", "circle", { circle });
  log.write("error", "thrown", { cause: new RangeError("inner") });
  assert(lines[0]!.length < 20_000);
  assertEquals(JSON.parse(lines[1]!).message, "circle");
  assertEquals(JSON.parse(lines[2]!).cause, "inner");
});

Deno.test("the log goes to standard error when nothing else is named", async () => {
  const module = new URL("../../runtime/telemetry/log.ts", import.meta.url).href;
  const code = `import { createLogger } from ${JSON.stringify(module)};
    createLogger({ level: "info" }).write("info", "ü".repeat(5000));`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-lock", "--ext=ts", code],
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(stdout.byteLength, 0);
  const line = new TextDecoder().decode(stderr).split("\n").find((line) => line.startsWith("{"));
  assertEquals(JSON.parse(line!).message.length, 5000);
});
