/** The connector `kv`. @module */
import { AnswersSource } from "../answers_source.ts";
import type { BuiltinComponent, BuiltinNeeds } from "../builtin.ts";
import { KvSink } from "./kv_sink.ts";

const configSchema = {
  type: "object",
  properties: {
    path: { type: "string", minLength: 1, description: "Path of the SQLite file, or :memory:." },
    "max_bytes": {
      type: "integer",
      minimum: 65_536,
      default: 1 << 28,
      description: "Largest size of the file; commands that would make it larger fail.",
    },
    sync: {
      enum: ["full", "normal"],
      default: "normal",
      description: "Survive the loss of power, or only the death of the process.",
    },
    "max_answers": {
      type: "integer",
      minimum: 1,
      maximum: 1_000_000,
      default: 4096,
      description: "Answers that wait for the source; with as many, the sink waits.",
    },
  },
  required: ["path"],
  additionalProperties: false,
};

const needs = ({ path }: Readonly<Record<string, unknown>>): BuiltinNeeds =>
  path === ":memory:" ? {} : { read: [path as string], write: [path as string] };

/** Both ends. */
export const kvBuiltins: readonly BuiltinComponent[] = [
  {
    type: "kv",
    kind: "source",
    description:
      "Answers to the commands that the sink of the same connector was given, in their order. It ends when every other " +
      "source of the flow has.",
    configSchema,
    create: (context) => ({ kind: "source", source: new AnswersSource(context) }),
    needs,
  },
  {
    type: "kv",
    kind: "sink",
    description: "A table of keys and values, which `enrich` may look things up in. Events are commands: " +
      '`{"op": "get", "key": "a"}`, `put` and `swap` with a `value`, `cas` with `old` and `value`, `delete`, or ' +
      '`{"op": "scan", "start": "a", "end": "b", "limit": 10}`; a `tag` comes back with the answer.',
    configSchema,
    create: (context) => ({ kind: "sink", sink: new KvSink(context) }),
    needs,
  },
];
