/** What starting costs: load and first call, memory of a plugin, and how cost grows with their number. @module */
import type { FlowDefinition } from "../runtime/flow/flow_definition.ts";
import type { Flow } from "../runtime/flow/flow.ts";
import { Batch } from "../runtime/data/batch.ts";
import type { SourcePart } from "../runtime/connector/contract.ts";
import { EVENT_BYTES } from "./boundary.ts";
import { residentBytes } from "./resident.ts";
import { median } from "./statistics.ts";
import { type LaunchedPart, openedPart, type Place, type Workplace } from "./workplace.ts";

/** How one isolation starts. */
export interface Start {
  /** From asking for an instance until it is connected, milliseconds; every further one. */
  readonly launchMs: number;
  /** The same for the first one, which also loads what all share. */
  readonly firstLaunchMs: number;
  /** The first poll that brings events, milliseconds. */
  readonly firstPollMs: number;
  /** Resident memory each instance adds, here and in its process, bytes. */
  readonly bytesPerInstance: number;
  /** Instances that were counted for it. */
  readonly instances: number;
}

/** Cost by number. */
export interface Growth {
  /** Nanoseconds an event through one flow, by its number of sources. */
  readonly sources: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** Milliseconds to launch, for each instance, by how many there are then. */
  readonly plugins: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** By number of builtin flows that run at once. */
  readonly flows: ReadonlyMap<number, { readonly nsPerEvent: number; readonly deployMs: number }>;
}

function sourceConfig(place: Place): Record<string, unknown> {
  return place.components.source === "blaster"
    ? { event_bytes: EVENT_BYTES, distinct: 64 }
    : { event_bytes: EVENT_BYTES };
}

async function firstPoll(source: SourcePart): Promise<number> {
  const batch = Batch.allocate();
  const from = performance.now();
  do {
    batch.clear();
    await source.poll(batch, 1024);
  } while (batch.count === 0);
  const elapsed = performance.now() - from;
  source.settle?.(batch, new Map());
  return elapsed;
}

async function measureStart(place: Place, instances: number): Promise<[Start, ReadonlyMap<number, number>]> {
  const parts: LaunchedPart[] = [];
  const launches: number[] = [];
  const polls: number[] = [];
  const growth = new Map<number, number>();
  let before = 0;
  for (let number = 0; number <= instances; number++) {
    // The first one loads what all share; memory is counted from there.
    if (number === 1) before = residentBytes();
    const from = performance.now();
    const part = await place.launch("source", sourceConfig(place));
    launches.push(performance.now() - from);
    parts.push(part);
    polls.push(await firstPoll((part as { source: SourcePart }).source));
    if (number === 1 || number === 10 || number === instances) growth.set(number, median(launches.slice(-5)));
  }
  const bytesPerInstance = (residentBytes() - before) / instances;
  for (const part of parts) await openedPart(part).close();
  return [{
    launchMs: median(launches.slice(1)),
    firstLaunchMs: launches[0]!,
    firstPollMs: median(polls),
    bytesPerInstance,
    instances,
  }, growth];
}

function delivered(flows: readonly Flow[]): number {
  let events = 0;
  for (const flow of flows) events += flow.report().nodes.find(({ role }) => role === "sink")!.metrics.out;
  return events;
}

async function nanosecondsAnEvent(flows: readonly Flow[], milliseconds: number): Promise<number> {
  const before = delivered(flows);
  const from = performance.now();
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  const events = delivered(flows) - before;
  return (performance.now() - from) * 1e6 / events;
}

async function measureSources(
  place: Place,
  counts: readonly number[],
  milliseconds: number,
): Promise<Map<number, number>> {
  const costs = new Map<number, number>();
  for (const count of counts) {
    const names = Array.from({ length: count }, (_, n) => `source${n}`);
    const definition: FlowDefinition = {
      name: "sources",
      connectors: {
        ...Object.fromEntries(
          names.map((name) => [name, { type: place.components.source, config: sourceConfig(place), codec: "binary" }]),
        ),
        end: { type: "twin_sink", codec: "binary" },
      },
      links: names.map((name) => ({ from: name, to: "end" })),
    };
    const flow = await place.runtime.deploy(definition);
    await nanosecondsAnEvent([flow], milliseconds / 2);
    costs.set(count, await nanosecondsAnEvent([flow], milliseconds));
    await flow.stop();
  }
  return costs;
}

async function measureFlows(place: Place, counts: readonly number[], milliseconds: number): Promise<Growth["flows"]> {
  const costs = new Map<number, { readonly nsPerEvent: number; readonly deployMs: number }>();
  const flows: Flow[] = [];
  for (const count of counts) {
    const from = performance.now();
    const added = count - flows.length;
    while (flows.length < count) {
      flows.push(
        await place.runtime.deploy({
          name: `flow${flows.length}`,
          connectors: {
            start: {
              type: "twin_source",
              config: { input: "json" },
              codec: "binary",
              batchBytes: 1024,
              batchEvents: 64,
            },
            end: { type: "twin_sink", codec: "binary" },
          },
          links: [{ from: "start", to: "end" }],
        }),
      );
    }
    const deployMs = (performance.now() - from) / added;
    await nanosecondsAnEvent(flows, milliseconds / 2);
    costs.set(count, { nsPerEvent: await nanosecondsAnEvent(flows, milliseconds), deployMs });
  }
  for (const flow of flows) await flow.stop();
  return costs;
}

/** Sizes of what is grown. */
export interface Extent {
  readonly instances: number;
  readonly sources: readonly number[];
  readonly flows: readonly number[];
  readonly milliseconds: number;
}

/** Measures starts and growth of every isolation that is there. */
export async function measureLife(
  workplace: Workplace,
  extent: Extent,
  say: (text: string) => void,
): Promise<{ readonly start: ReadonlyMap<string, Start>; readonly growth: Growth }> {
  const start = new Map<string, Start>();
  const sources = new Map<string, Map<number, number>>();
  const plugins = new Map<string, ReadonlyMap<number, number>>();
  for (const place of workplace.places) {
    const { isolation } = place;
    const [cost, growth] = await measureStart(place, extent.instances);
    start.set(isolation, cost);
    plugins.set(isolation, growth);
    sources.set(isolation, await measureSources(place, extent.sources, extent.milliseconds));
    say(
      `${isolation}: launched in ${cost.launchMs.toFixed(2)} ms, ${
        (cost.bytesPerInstance / 1048576).toFixed(2)
      } MiB each`,
    );
  }
  const flows = await measureFlows(workplace.places[0]!, extent.flows, extent.milliseconds);
  return { start, growth: { sources, plugins, flows } };
}
