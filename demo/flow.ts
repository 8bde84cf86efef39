/**
 * The demo's flow: log lines from two files, through a C plugin, a pipeline and a Worker plugin, into files and a
 * database. Run it with `deno task demo`, which makes the input, or with `caisson run demo/flow.ts` afterwards.
 */
import type { FlowDefinition } from "../mod.ts";

/** Where the demo reads and writes; paths are relative to the working directory. */
export interface DemoOptions {
  /** Lines in nginx's `combined` format with the request time appended. */
  readonly access: string;
  /** JSON application events, one a line. */
  readonly events: string;
  /** Folder for everything that comes out. */
  readonly output: string;
  /** Port of the loopback service that takes alerts. */
  readonly port: number;
}

const ACCESS_LINE = String
  .raw`^(?<client>\S+) \S+ \S+ \[(?<time>[^\]]+)\] "(?<request>(?:[^"\\]|\\.)*)" ` +
  String
    .raw`(?<status>\d{3}) (?<bytes>\d+|-) "(?<referer>(?:[^"\\]|\\.)*)" "(?<agent>(?:[^"\\]|\\.)*)"(?: (?<seconds>[\d.]+))?$`;

/** The flow for given files. */
export function createFlow(
  { access, events, output, port }: DemoOptions,
): FlowDefinition {
  return {
    name: "demo",
    description: "Errors and slow requests out of an access log and application events",
    connectors: {
      access: {
        type: "file",
        config: { path: access },
        codec: "string",
        preprocessors: ["separate"],
      },
      events: {
        type: "file",
        config: { path: events },
        codec: "json",
        preprocessors: ["separate"],
      },
      requests_file: {
        type: "file",
        config: { path: `${output}/requests.ndjson` },
        postprocessors: ["separate"],
      },
      errors_file: {
        type: "file",
        config: { path: `${output}/errors.ndjson` },
        postprocessors: ["separate"],
      },
      counts_file: {
        type: "file",
        config: { path: `${output}/counts.ndjson` },
        postprocessors: ["separate"],
      },
      unreadable_file: {
        type: "file",
        config: { path: `${output}/unreadable.ndjson` },
        postprocessors: ["separate"],
      },
      database: {
        type: "sqlite",
        config: {
          path: `${output}/demo.sqlite`,
          table: "requests",
          columns: {
            time: "time",
            client: "client",
            request: "request",
            status: "status",
            seconds: "seconds",
          },
        },
      },
      alerts: {
        type: "webhook",
        config: { url: `http://127.0.0.1:${port}/alerts`, format: "ndjson" },
      },
    },
    processors: {
      // Every event passes through the C plugin, by record: its payload is never copied.
      transform_access: { type: "transform", config: { mode: "pass" } },
      transform_events: { type: "transform", config: { mode: "pass" } },
    },
    pipelines: {
      parse: [
        {
          extract: {
            pattern: ACCESS_LINE,
            numbers: ["status", "bytes", "seconds"],
          },
        },
        {
          project: (event) => {
            const line = event.value as { request: string };
            // Probes send requests that are no requests: those have no path.
            const [method = "-", path = "-"] = line.request.split(" ");
            return { ...line, method, path: path.split("?")[0] };
          },
        },
      ],
      requests: [
        {
          filter: ["or", [">=", ["field", "status"], 400], [">=", [
            "field",
            "seconds",
          ], 0.5]],
        },
        {
          project: {
            time: ["field", "time"],
            client: ["field", "client"],
            request: ["field", "request"],
            path: ["field", "path"],
            status: ["field", "status"],
            seconds: ["field", "seconds"],
          },
        },
      ],
      server_errors: [{ filter: [">=", ["field", "status"], 500] }],
      counts: [{
        count: { by: { status: ["field", "status"], path: ["field", "path"] } },
      }],
      errors: [
        { filter: ["==", ["field", "level"], "error"] },
        {
          project: {
            ts: ["field", "ts"],
            service: ["field", "service"],
            msg: ["field", "msg"],
            id: ["field", "id"],
          },
        },
      ],
    },
    links: [
      { from: "access", to: "transform_access" },
      { from: "transform_access", to: "parse" },
      { from: "parse", to: ["requests", "counts"] },
      { from: "parse/err", to: "unreadable_file" },
      { from: "requests", to: ["requests_file", "database", "server_errors"] },
      { from: "server_errors", to: "alerts" },
      { from: "counts", to: "counts_file" },
      { from: "events", to: "transform_events" },
      { from: "transform_events", to: "errors" },
      { from: "errors", to: "errors_file" },
    ],
  };
}

const flow: FlowDefinition = createFlow({
  access: "demo/output/input/access.log",
  events: "demo/output/input/events.ndjson",
  output: "demo/output",
  port: 8733,
});

export default flow;
