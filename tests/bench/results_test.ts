import { assertEquals, assertStringIncludes } from "@std/assert";
import { toPlots } from "../../bench/plots.ts";
import { toMarkdown } from "../../bench/report.ts";
import { type Results, toJson } from "../../bench/results.ts";
import { tableOfMethods } from "../../bench/methods.ts";
import { BATCHES } from "../../bench/boundary.ts";
import { SIZES } from "../../bench/transports/transport.ts";

function sample(eventsPerSecond: number) {
  return { eventsPerSecond, p50Ms: 1, p99Ms: 2, hostNs: 1e9 / eventsPerSecond };
}

function costs(base: number): Map<number, number> {
  return new Map(BATCHES.map((size) => [size, base / size]));
}

const results: Results = {
  machine: {
    deno: "0",
    v8: "0",
    os: "linux",
    cpu: "none",
    cores: 2,
    memoryBytes: 1,
    date: "2026-11-22T00:00:00.000Z",
    quick: true,
    input: "generated alike",
    seconds: 1,
    loadBefore: 2,
  },
  isolations: ["native"],
  missing: ["guard"],
  skipped: new Map([["throughput-logging-msgpack", "no codec msgpack"]]),
  retained: new Map([
    ["passthrough", {
      bytesPerEvent: 629,
      rounds: new Map([
        ["hand", [sample(200), sample(400)]],
        ["builtin", [sample(100), sample(200)]],
        ["native", [sample(95), sample(190)]],
      ]),
    }],
  ]),
  limits: { memcpy: 1e9, unixSocket: 5e8 },
  boundary: {
    isolations: new Map([
      ["native", { in: costs(2048), out: costs(1024), inWhole: costs(4096), outWhole: costs(2048) }],
    ]),
    loop: { poll: costs(1000), both: costs(2000) },
    roundTrip: new Map([["native", { p50: 0.2, p99: 0.3, pacedP50: 1 }]]),
  },
  messages: new Map([
    ["native call", new Map(SIZES.map((size) => [size, { p50: 0.2, p99: 0.3, bytesPerSecond: undefined }]))],
  ]),
  start: new Map([
    ["native", { launchMs: 1, firstLaunchMs: 2, firstPollMs: 3, bytesPerInstance: 1048576, instances: 10 }],
  ]),
  growth: {
    sources: new Map([["native", new Map([[1, 20], [64, 21]])]]),
    plugins: new Map([["native", new Map([[1, 1], [10, 1]])]]),
    flows: new Map([[1, { nsPerEvent: 30, deployMs: 1 }]]),
  },
  peers: new Map<string, Map<number, number> | string>([["C loop", costs(1000)], ["other", "it cannot be installed"]]),
  methods: [],
};

const { retained, boundary, messages, start, peers } = results;

Deno.test("the table of methods has a row for what was measured, and leaves out what was not", () => {
  const rows = tableOfMethods({ retained, boundary, messages, start, peers });
  assertEquals(rows.map(({ name }) => name), ["builtin", "native"]);
  assertEquals(rows[1], {
    name: "native",
    eventsPerSecond: 143,
    retained: undefined,
    boundaryNs: 2,
    roundTripUs: 0.2,
    launchMs: 1,
    memoryMiB: 1,
    place: "host thread",
    isolation: "none",
    survives: "error codes",
  });
  const other = tableOfMethods({ retained, boundary, messages, start, peers: new Map([["comlink", costs(2048)]]) });
  assertEquals(other.at(-1)?.name, "comlink");
  assertEquals(other.at(-1)?.boundaryNs, 2);
  const json = JSON.parse(JSON.stringify(toJson({ ...results, methods: rows })));
  assertEquals(json.methods.length, 2);
  assertEquals(json.hostNs.passthrough.native, 7895000);
  assertStringIncludes(toMarkdown({ ...results, methods: rows }), "| native  | 0.000143 M");
});

Deno.test("the JSON has what was measured, and nothing else", () => {
  const json = JSON.parse(JSON.stringify(toJson(results)));
  assertEquals(json.retained, { passthrough: { native: 0.95 } });
  assertEquals(json.baseline, { passthrough: 0.5 });
  assertEquals(json.throughput, { passthrough: { hand: 300, builtin: 150, native: 143 } });
  assertEquals(json.boundary.native["1024"], 2);
  assertEquals(json.roundTrip.native.p50, 0.2);
  assertEquals(json.bytesPerEvent, { passthrough: 629 });
  assertEquals(json.notAvailable, ["guard"]);
  assertEquals(json.peers.other, { notMeasured: "it cannot be installed" });
});

Deno.test("the report says what was missed and what was not measured", () => {
  const report = toMarkdown(results);
  assertStringIncludes(report, "not quiet");
  assertStringIncludes(report, "- guard: not available in this version");
  assertStringIncludes(report, "- throughput-logging-msgpack: not measured, no codec msgpack");
  assertStringIncludes(report, "- other: not measured, it cannot be installed");
  assertEquals(/native ÷ builtin, passthrough *\| ≥ 0\.9 *\| 0\.95 *\| met/.test(report), true);
  assertEquals(/native, round trip p50 *\| ≤ 0\.1 µs *\| 0\.2 µs *\| \*\*missed\*\*/.test(report), true);
});

Deno.test("every chart is a document", () => {
  for (const [name, svg] of toPlots(results)) {
    assertEquals(svg.startsWith("<svg ") && svg.trimEnd().endsWith("</svg>"), true, name);
    assertEquals(svg.includes("NaN"), false, name);
  }
});
