import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Batch } from "../../runtime/data/batch.ts";
import { BatchError } from "../../runtime/data/batch_error.ts";
import { BATCH_LAYOUT, RETRY } from "../../runtime/data/layout.ts";
import { cleanLine, LOG_BURST, LogGate } from "../../runtime/isolation/log_gate.ts";
import { pluginError } from "../../runtime/isolation/plugin_error.ts";
import { describeFault } from "../../runtime/isolation/plugin_side/fault.ts";
import { failEvents, failSlot } from "../../runtime/isolation/plugin_side/verdict_text.ts";
import { readAnswer } from "../../runtime/isolation/slot_answer.ts";
import { checkWorkerMessage, TEXT_MAX } from "../../runtime/isolation/worker_protocol.ts";

function slot(arenaBytes = 32_768): Batch {
  return Batch.allocate({ capacity: 4, segments: 1, arenaBytes, shared: true });
}

function header(batch: Batch): Uint32Array {
  return new Uint32Array(batch.block.buffer, batch.block.byteOffset, BATCH_LAYOUT.bytes / 4);
}

Deno.test("an answer names the events that failed and the first reason", () => {
  const answered = slot();
  failEvents(answered, [{ index: 1, reason: "full" }, { index: 3, reason: "late" }]);
  const { allFailed, verdicts, fault } = readAnswer(answered, 4);
  assertEquals(allFailed, false);
  assertEquals(verdicts.map(({ index, action }) => [index, action]), [[1, RETRY], [3, RETRY]]);
  assertEquals(fault?.message, "full");
});

Deno.test("an answer without room for words still fails its events", () => {
  const answered = slot(64);
  failSlot(answered, { name: "Error", message: "x".repeat(500), stack: "" });
  assertEquals(readAnswer(answered, 4), { allFailed: true, verdicts: [], fault: undefined });
});

Deno.test("answers about events that were not sent, or that are no verdicts, are refused", () => {
  const forgeries: [string, (answered: Batch) => void][] = [
    ["verdictDefault", (answered) => answered.verdictDefault = 99],
    ["verdictCount", (answered) => header(answered)[BATCH_LAYOUT.verdictCount / 4] = 0xffffffff],
    ["verdict[0]", (answered) => failEvents(answered, [{ index: 3, reason: "" }])],
    [
      "verdict[0]",
      (answered) => answered.addVerdict({ index: 0, action: 77, failureClass: 0, code: 0, retryAfterMs: 0 }),
    ],
    [
      "verdict[0]",
      (answered) => answered.addVerdict({ index: 0, action: 1, failureClass: 99, code: 0, retryAfterMs: 0 }),
    ],
  ];
  for (const [field, forge] of forgeries) {
    const answered = slot();
    forge(answered);
    assertEquals(assertThrows(() => readAnswer(answered, 3), BatchError).field, field);
  }
});

Deno.test("words that are not what they should be are left out", () => {
  for (
    const text of [
      "{",
      "[]",
      "null",
      '{"fault":{}}',
      '{"fault":{"name":1,"message":2}}',
      '{"failed":[null]}',
      '{"failed":7}',
    ]
  ) {
    const answered = slot();
    answered.verdictDefault = RETRY;
    answered.arena.set(new TextEncoder().encode(text));
    answered.arenaUsed = text.length;
    assertEquals(readAnswer(answered, 4).fault, undefined, text);
    answered.arenaUsed = 0xffffffff;
    assertEquals(readAnswer(answered, 4).fault, undefined);
  }
});

Deno.test("messages outside the protocol are not taken", () => {
  for (
    const message of [
      null,
      1,
      "opened",
      [],
      {},
      { type: "open" },
      { type: "log", level: "fatal", message: "" },
      { type: "log", level: "info", message: 1 },
      { type: "failed", stage: "sink", fault: { name: "", message: "" } },
      { type: "failed", stage: "open" },
      { type: "crashed", fault: { name: "x" } },
    ]
  ) assertEquals(checkWorkerMessage(message), undefined, JSON.stringify(message));
});

Deno.test("what is taken from a message is cut to size and holds nothing else", () => {
  const message = checkWorkerMessage({
    type: "crashed",
    extra: 1,
    fault: { name: "E", message: "m".repeat(100_000), stack: 5, more: {}, denied: { permission: "net" } },
  });
  assertEquals(message, { type: "crashed", fault: { name: "E", message: "m".repeat(TEXT_MAX), stack: "" } });
});

Deno.test("anything can be thrown", () => {
  const hostile = new Error("outer");
  Object.defineProperty(hostile, "cause", {
    get() {
      throw hostile;
    },
  });
  for (const thrown of [undefined, null, 7, "text", {}, Object.create(null), Symbol("s"), () => {}, hostile]) {
    const { name, message } = describeFault(thrown);
    assertEquals([typeof name, typeof message], ["string", "string"]);
  }
});

Deno.test("a refused permission is found in the cause of an error", () => {
  const fault = describeFault(
    new TypeError("fetch failed", {
      cause: new Error('Requires net access to "a.example:443", run again with the --allow-net flag'),
    }),
  );
  assertEquals(fault.denied, { permission: "net", target: "a.example:443" });
  const error = pluginError("@acme/x", "write", fault);
  assertEquals(error.code, "CAISSON_PERMISSION_DENIED");
  assertStringIncludes(error.action, '"@acme/x"');
});

Deno.test("lines lose what a terminal acts on and keep letters of every script", () => {
  assertEquals(cleanLine("a\x1b[31m\nb\u202e\u0085"), "a\\u001b[31m\\u000ab\\u202e\\u0085");
  assertEquals(cleanLine("Grüße\t日本 🚢"), "Grüße\t日本 🚢");
});

Deno.test("a burst is let through, then a rate, and what was left out is counted", () => {
  let now = 0;
  const lines: string[] = [];
  const gate = new LogGate((level, line) => lines.push(`${level} ${line}`), () => now);
  for (let line = 0; line < LOG_BURST + 10; line++) gate.push("info", `${line}`);
  assertEquals(lines.length, LOG_BURST);
  now = 1000;
  gate.push("info", "again");
  assertEquals(lines.slice(LOG_BURST), ["warning 10 log lines of the plugin were left out", "info again"]);
  gate.flush();
  assert(lines.length === LOG_BURST + 2);
});
