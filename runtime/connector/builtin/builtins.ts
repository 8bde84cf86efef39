/** The components the runtime brings. @module */
import type { BuiltinComponent } from "./builtin.ts";
import { ExitSink } from "./exit_sink.ts";
import { rotatedPaths, type RotateOptions } from "./file_rotation.ts";
import { FileSink } from "./file_sink.ts";
import { FileSource } from "./file_source.ts";
import { httpBuiltins } from "./http/http_builtins.ts";
import { socketBuiltins } from "./socket/socket_builtins.ts";
import { MetricsSource } from "./metrics_source.ts";
import { kvBuiltins } from "./kv/kv_builtins.ts";
import { NullSink } from "./null_sink.ts";
import { SqliteSink } from "./sqlite_sink.ts";
import { StdioSink } from "./stdio_sink.ts";
import { StdioSource } from "./stdio_source.ts";
import { WalSink } from "./wal_sink.ts";
import { WalSource } from "./wal_source.ts";
import { udpBuiltins } from "./udp/udp_builtins.ts";
import { wsBuiltins } from "./ws/ws_builtins.ts";

const path = {
  type: "string",
  minLength: 1,
  description: "Path of the file; a relative one starts at the host's folder.",
};

const rotate = {
  type: "object",
  description:
    "Rename the file to `path.1`, that to `path.2` and so on, and begin a new one, always between two writes: no " +
    'event is torn. For a file that goes on after a restart, add `"mode": "append"`.',
  properties: {
    bytes: {
      type: "integer",
      minimum: 1,
      default: 100 << 20,
      description: "Rotate before a write that would make the file longer, bytes.",
    },
    "every_ms": {
      type: "integer",
      minimum: 1,
      description: "Rotate before the first write to a file opened so long ago, milliseconds.",
    },
    keep: { type: "integer", minimum: 1, maximum: 1000, default: 5, description: "Older files that are kept." },
    compress: {
      enum: ["none", "gzip"],
      default: "none",
      description: "Older files are compressed meanwhile, to `path.1.gz` and so on.",
    },
  },
  additionalProperties: false,
};

const column = {
  anyOf: [
    { type: "string", minLength: 1, description: "Field, dotted." },
    {
      type: "object",
      properties: {
        field: {
          type: "string",
          minLength: 1,
          description: "Field, dotted; the column's name when left out.",
        },
        type: {
          enum: ["INTEGER", "REAL", "NUMERIC", "TEXT", "BLOB"],
          description: "Declared type; values stay what they are without one.",
        },
      },
      additionalProperties: false,
    },
  ],
};

/** Both ends of a connector have one configuration. */
const wal = {
  type: "object",
  properties: {
    path,
    sync: {
      enum: ["full", "normal"],
      default: "full",
      description: "Survive the loss of power, or only the death of the process.",
    },
    "max_bytes": {
      type: "integer",
      minimum: 65536,
      default: 1 << 28,
      description: "When it holds as much, the sink waits.",
    },
    attempts: {
      type: "integer",
      minimum: 1,
      maximum: 1000,
      default: 10,
      description: "Deliveries in all before an event is set aside.",
    },
    "interval_ms": {
      type: "number",
      minimum: 1,
      default: 100,
      description: "Wait before the second delivery; it doubles each time.",
    },
    "max_interval_ms": { type: "number", minimum: 1, default: 30_000, description: "Longest wait." },
    "when_empty": {
      enum: ["wait", "end"],
      default: "wait",
      description: "Whether the source waits for more, or ends, when everything was delivered.",
    },
  },
  required: ["path"],
  additionalProperties: false,
};

/** Every builtin source and sink. */
export const builtins: readonly BuiltinComponent[] = [
  {
    type: "file",
    kind: "source",
    description: "Reads a file, or follows it as it grows and is rotated.",
    configSchema: {
      type: "object",
      properties: {
        path,
        "chunk_bytes": {
          type: "integer",
          minimum: 1,
          maximum: 1 << 30,
          default: 1 << 18,
          description: "Most bytes a read asks for.",
        },
        follow: {
          type: "boolean",
          default: false,
          description:
            "Wait for more at the end, as tail -F does, also when the file is rotated, until the flow is stopped.",
        },
        from: {
          enum: ["start", "end"],
          default: "start",
          description: "Where following begins.",
        },
        "look_ms": {
          type: "integer",
          minimum: 1,
          default: 100,
          description: "How often a followed file is looked at while nothing comes, milliseconds.",
        },
      },
      required: ["path"],
      additionalProperties: false,
    },
    create: (context) => ({ kind: "source", source: new FileSource(context) }),
    needs: ({ path }) => ({ read: [path as string] }),
  },
  {
    type: "file",
    kind: "sink",
    description: "Writes a file.",
    configSchema: {
      type: "object",
      properties: {
        path,
        mode: {
          enum: ["write", "append", "exclusive"],
          default: "write",
          description: "Replace the file, add to it, or refuse one that is there.",
        },
        sync: {
          enum: ["never", "close", "write"],
          default: "never",
          description: "When the bytes are forced onto the disk.",
        },
        rotate,
      },
      required: ["path"],
      additionalProperties: false,
    },
    create: (context) => ({ kind: "sink", sink: new FileSink(context) }),
    needs: ({ path, rotate }) => {
      const older = rotate === undefined ? [] : rotatedPaths(path as string, rotate as RotateOptions);
      const write = [path as string, ...older];
      return older.length === 0 ? { write } : { write, read: write };
    },
  },
  {
    type: "stdio",
    kind: "source",
    description: "Reads the host's standard input.",
    configSchema: {
      type: "object",
      properties: {},
      additionalProperties: false,
    },
    create: (context) => ({ kind: "source", source: new StdioSource(context) }),
    needs: () => ({}),
  },
  {
    type: "stdio",
    kind: "sink",
    description: "Writes to the host's standard output or error.",
    configSchema: {
      type: "object",
      properties: {
        stream: {
          enum: ["stdout", "stderr"],
          default: "stdout",
          description: "Where to write.",
        },
      },
      additionalProperties: false,
    },
    create: (context) => ({ kind: "sink", sink: new StdioSink(context) }),
    needs: () => ({}),
  },
  {
    type: "wal",
    kind: "source",
    description: "Gives the events of a durable queue, and takes them out of it when they were delivered.",
    configSchema: wal,
    create: (context) => ({ kind: "source", source: new WalSource(context) }),
    needs: ({ path }) => ({ read: [path as string], write: [path as string] }),
  },
  {
    type: "wal",
    kind: "sink",
    description: "Puts events into a durable queue; they are acked when they are on disk.",
    configSchema: wal,
    create: (context) => ({ kind: "sink", sink: new WalSink(context) }),
    needs: ({ path }) => ({ read: [path as string], write: [path as string] }),
  },
  {
    type: "sqlite",
    kind: "sink",
    description: "Writes events as rows of a table of SQLite.",
    configSchema: {
      type: "object",
      properties: {
        path: { ...path, description: "Path of the database, or :memory:." },
        table: { type: "string", minLength: 1, description: "Table." },
        columns: {
          anyOf: [
            {
              type: "array",
              items: { type: "string", minLength: 1 },
              minItems: 1,
              description: "Fields that are columns of the same name.",
            },
            { type: "object", additionalProperties: column },
          ],
        },
        key: {
          anyOf: [
            { type: "string", minLength: 1 },
            {
              type: "array",
              items: { type: "string", minLength: 1 },
              minItems: 1,
            },
          ],
          description: "Columns of the primary key; a row with the same key is replaced.",
        },
      },
      required: ["path", "table", "columns"],
      additionalProperties: false,
    },
    create: (context) => ({ kind: "sink", sink: new SqliteSink(context) }),
    needs: ({ path }) => path === ":memory:" ? {} : { read: [path as string], write: [path as string] },
  },
  ...socketBuiltins,
  {
    type: "null",
    kind: "sink",
    description: "Takes everything and keeps nothing.",
    configSchema: { type: "object", properties: {}, additionalProperties: false },
    create: () => ({ kind: "sink", sink: new NullSink() }),
    needs: () => ({}),
  },
  {
    type: "exit",
    kind: "sink",
    description:
      'Ends its flow when an event such as `{"exit": 0}` comes, and `caisson run` with that code. The event may have ' +
      "members `delay_ms` and `graceful` of its own.",
    configSchema: {
      type: "object",
      properties: {
        graceful: { type: "boolean", default: true, description: "Drain what was read before." },
        "delay_ms": {
          type: "integer",
          minimum: 0,
          maximum: 3_600_000,
          default: 0,
          description: "Wait before, milliseconds.",
        },
        "drain_ms": {
          type: "integer",
          minimum: 0,
          maximum: 3_600_000,
          default: 30_000,
          description: "Longest the draining may take, milliseconds.",
        },
      },
      additionalProperties: false,
    },
    create: (context) => ({ kind: "sink", sink: new ExitSink(context) }),
    needs: () => ({}),
  },
  {
    type: "metrics",
    kind: "source",
    description:
      "Tells at an interval what every node of the flow has counted: one event for each of the ports `in`, `out`, " +
      "`err` and `dropped`. It ends, with a last reading, when every other source of the flow has.",
    configSchema: {
      type: "object",
      properties: {
        "interval_ms": {
          type: "integer",
          minimum: 10,
          maximum: 86_400_000,
          default: 10_000,
          description: "Time between two readings, milliseconds.",
        },
      },
      additionalProperties: false,
    },
    create: (context) => ({ kind: "source", source: new MetricsSource(context) }),
    needs: () => ({}),
  },
  ...httpBuiltins,
  ...udpBuiltins,
  ...kvBuiltins,
  ...wsBuiltins,
];
