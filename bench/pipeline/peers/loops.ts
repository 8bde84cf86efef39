// deno-lint-ignore-file no-import-prefix -- peers of the bench alone: in deno.json they would be fetched for every task
/** The workloads by a loop written by hand and by the stream libraries of others. @module */
import { filter as mostFilter, map as mostMap, runEffects, tap as mostTap } from "npm:@most/core@1.6.1";
import type { Stream } from "npm:@most/types@1.1.0";
import { newDefaultScheduler } from "npm:@most/scheduler@1.3.0";
import { filter, from, map, tap } from "npm:rxjs@7.8.2";
import { Readable, Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Fields, PlainWorkload } from "../workloads.ts";

/** Runs a workload once over the chunks; `bytes` counts what came out. */
export type Loop = (chunks: readonly Uint8Array[], workload: PlainWorkload, sink: ByteSink) => void | Promise<void>;

/** Takes what comes out, as bytes: a sink that writes needs them. */
export class ByteSink {
  /** Bytes so far. */
  bytes = 0;
  /** Events so far. */
  events = 0;
  readonly #scratch = new Uint8Array(1 << 16);
  readonly #encoder = new TextEncoder();

  /** Encodes and counts an event. */
  value(value: Fields): void {
    this.text(JSON.stringify(value));
  }

  /** Encodes and counts a line. */
  text(line: string): void {
    this.bytes += this.#encoder.encodeInto(line, this.#scratch).written;
    this.events++;
  }
}

function* linesOf(chunks: readonly Uint8Array[]): Generator<string> {
  const decoder = new TextDecoder();
  for (const chunk of chunks) {
    const text = decoder.decode(chunk);
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      yield text.slice(start, end);
      start = end + 1;
    }
  }
}

/** An event, and the line it came as. */
interface Parsed {
  readonly line: string;
  value: Fields;
}

const parse = (line: string): Parsed => ({ line, value: JSON.parse(line) as Fields });

function write({ line, value }: Parsed, { change, gather, consumes = false }: PlainWorkload, sink: ByteSink): void {
  const made = gather?.(value);
  if (made !== undefined) { for (const each of made) sink.value(each); }
  if (consumes) return;
  if (change === undefined) sink.text(line);
  else sink.value(value);
}

const hand: Loop = (chunks, workload, sink) => {
  const { keep, change, gather, consumes = false, decodes } = workload;
  const decoder = new TextDecoder();
  for (const chunk of chunks) {
    const text = decoder.decode(chunk);
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      const line = text.slice(start, end);
      start = end + 1;
      if (!decodes) {
        sink.text(line);
        continue;
      }
      let value = JSON.parse(line) as Fields;
      if (keep !== undefined && !keep(value)) continue;
      if (change !== undefined) value = change(value);
      const made = gather?.(value);
      if (made !== undefined) { for (const each of made) sink.value(each); }
      if (consumes) continue;
      if (change === undefined) sink.text(line);
      else sink.value(value);
    }
  }
};

const changed = (parsed: Parsed, { change }: PlainWorkload): Parsed => {
  if (change !== undefined) parsed.value = change(parsed.value);
  return parsed;
};

const rxjs: Loop = (chunks, workload, sink) =>
  new Promise<void>((resolve, reject) => {
    const lines = from(linesOf(chunks));
    if (!workload.decodes) {
      lines.subscribe({ next: (line) => sink.text(line), complete: resolve, error: reject });
      return;
    }
    lines.pipe(
      map(parse),
      filter(({ value }) => workload.keep?.(value) ?? true),
      map((parsed) => changed(parsed, workload)),
      tap((parsed) => write(parsed, workload, sink)),
    ).subscribe({ complete: resolve, error: reject });
  });

const most: Loop = async (chunks, workload, sink) => {
  const lines = {
    run(out: { event(time: number, value: string): void; end(time: number): void }) {
      queueMicrotask(() => {
        for (const line of linesOf(chunks)) out.event(0, line);
        out.end(0);
      });
      return { dispose() {} };
    },
  } as unknown as Stream<string>;
  const stream = workload.decodes
    ? mostTap(
      (parsed: Parsed) => write(parsed, workload, sink),
      mostMap(
        (parsed: Parsed) => changed(parsed, workload),
        mostFilter(({ value }: Parsed) => workload.keep?.(value) ?? true, mostMap(parse, lines)),
      ),
    )
    : mostTap((line: string) => sink.text(line), lines);
  await runEffects(stream as Parameters<typeof runEffects>[0], newDefaultScheduler());
};

const streams: Loop = async (chunks, workload, sink) => {
  const stage = (take: (value: unknown) => unknown) =>
    new Transform({
      objectMode: true,
      transform(value, _encoding, done) {
        const result = take(value);
        if (result === undefined) done();
        else done(null, result);
      },
    });
  const target = new Writable({
    objectMode: true,
    write(value: Parsed | string, _encoding, done) {
      if (typeof value === "string") sink.text(value);
      else write(value, workload, sink);
      done();
    },
  });
  const lines = Readable.from(linesOf(chunks), { objectMode: true });
  if (!workload.decodes) return await pipeline(lines, target);
  await pipeline(
    lines,
    stage((line) => parse(line as string)),
    stage((parsed) => (workload.keep?.((parsed as Parsed).value) ?? true) ? parsed : undefined),
    stage((parsed) => changed(parsed as Parsed, workload)),
    target,
  );
};

/** The peers in JavaScript, by the name they have in the report. */
export const LOOPS: Readonly<Record<string, Loop>> = { hand, rxjs, most, streams };
