import { fromFileUrl } from "@std/path";
import type { ComponentInstance, ProcessorPart, SinkPart, SourcePart } from "../../runtime/connector/contract.ts";
import type { BatchSinkPart } from "../../runtime/connector/contract.ts";
import { Batch } from "../../runtime/data/batch.ts";
import type { ComponentKind } from "../../runtime/manifest/manifest.ts";
import { noPermissions, type WorkerPermissions } from "../../runtime/isolation/start_worker.ts";
import { launchGuard } from "../../runtime/isolation/guard.ts";
import type { ProcessOptions } from "../../runtime/isolation/launch_process.ts";
import { launchWorker, type WorkerOptions } from "../../runtime/isolation/worker.ts";

/** How a fixture is launched. */
export interface FixtureOptions {
  readonly kind?: ComponentKind;
  readonly config?: Record<string, unknown>;
  readonly permissions?: Partial<WorkerPermissions>;
  readonly options?: WorkerOptions & ProcessOptions;
  /** @default {"worker"} */
  readonly isolation?: "worker" | "guard";
  /** Guard: heap, MiB. */
  readonly memoryMiB?: number;
  /** Guard: cache folder. @default {the user's} */
  readonly cacheFolder?: string;
  readonly component?: string;
  /** Folder of the plugin. @default {`fixtures/` and the name} */
  readonly folder?: string;
}

/** A launched fixture and what was logged. */
export interface Launched extends AsyncDisposable {
  readonly instance: ComponentInstance;
  readonly source: SourcePart;
  readonly sink: BatchSinkPart;
  readonly processor: ProcessorPart;
  readonly lines: string[];
  readonly stop: AbortController;
}

let instances = 0;

/** Folder of a fixture plugin. */
export function fixtureFolder(name: string): string {
  return fromFileUrl(import.meta.resolve(`./fixtures/${name}`));
}

/** Folder of one of our own plugins. */
export function pluginFolder(name: string): string {
  return fromFileUrl(import.meta.resolve(`../../plugins/${name}`));
}

/** Launches a plugin of `fixtures/` in a Worker or guard. */
export async function launchFixture(
  name: string,
  fixture: FixtureOptions = {},
): Promise<Launched> {
  const folder = fixture.folder ?? fixtureFolder(name);
  const { kind = "source", config = {}, permissions, options, component = name } = fixture;
  const lines: string[] = [];
  const stop = new AbortController();
  const { isolation = "worker", memoryMiB, cacheFolder } = fixture;
  const launch = {
    plugin: { name: `@test/${name}`, folder, module: `${folder}/mod.ts` },
    provision: { kind, name: component, interface: `${kind}@1.0` },
    permissions: { ...noPermissions, read: [folder], ...permissions },
    context: {
      alias: `test/${name}`,
      instance: ++instances,
      config,
      signal: stop.signal,
      log: (level: string, message: string) => void lines.push(`${level}: ${message}`),
    },
    ...(options === undefined ? {} : { options }),
  } as const;
  const instance = isolation === "worker"
    ? await launchWorker(launch)
    : await launchGuard({ ...launch, memoryMiB, cacheFolder });
  const { part } = instance;
  const any = part as unknown as {
    source: SourcePart;
    sink: SinkPart;
    processor: ProcessorPart;
  };
  return {
    instance,
    source: any.source,
    sink: any.sink as BatchSinkPart,
    processor: any.processor,
    lines,
    stop,
    async [Symbol.asyncDispose]() {
      const running = part.kind === "source" ? part.source : part.kind === "sink" ? part.sink : part.processor;
      await running.close();
    },
  };
}

/** Everything a source gives until it ends, decoded as text. */
export async function readAll(
  source: SourcePart,
  batch: Batch = Batch.allocate(),
): Promise<string[]> {
  const decoder = new TextDecoder();
  const texts: string[] = [];
  for (;;) {
    batch.clear();
    const { state } = await source.poll(batch, batch.capacity);
    for (let index = 0; index < batch.count; index++) {
      texts.push(decoder.decode(batch.payload(index)));
    }
    source.settle?.(batch, new Map());
    if (state === "ended") return texts;
  }
}

/** A batch of values as JSON. */
export function jsonBatch(...values: unknown[]): Batch {
  const encoder = new TextEncoder();
  const batch = Batch.allocate();
  values.forEach((value, index) => {
    batch.appendBytes(encoder.encode(JSON.stringify(value)), 1000 + index);
    batch.setSequence(index, 100 + index);
  });
  return batch;
}
