/** Checks of what every component shares: open, connect, close, and what it leaves behind. @module */
import { unloadCounts } from "../../ffi/library.ts";
import { Batch } from "../data/batch.ts";
import { UNLOADABLE } from "../data/layout.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { checkConfig } from "../manifest/check_config.ts";
import { callFormat, passStream, whole } from "./format_call.ts";
import { inputBatch } from "./generate_input.ts";
import { readSome } from "./read_source.ts";
import { broken, isTimeout, refusalOf } from "./finding.ts";
import type { Opened, Trial } from "./trial.ts";

/** One check: a short sentence, and what runs it. It returns figures, or throws what is wrong. */
export interface Check {
  /** What is checked. */
  readonly name: string;
  /** Runs it. */
  readonly run: (trial: Trial) => Promise<string>;
}

const CYCLES = 20;
/** Rounds of cycles that must all have left something behind before it is called a leak. */
const ROUNDS = 3;
/** Descriptors and threads that come and go by themselves. */
const SLACK = 10;
const SETTLE_MS = 1000;

/** Does the least that a component is for. */
async function work(trial: Trial, opened: Opened): Promise<void> {
  const { provision, codec, samples } = trial.options;
  if (provision.kind === "source") {
    const { payloads } = await readSome(trial, opened, { events: 1 });
    if (payloads.length === 0) {
      throw broken("no event within 2 s", "events; give it a configuration that makes some in conformance.json");
    }
  } else if (provision.kind === "sink") {
    await trial.within(opened.sink.write(inputBatch(codec, { count: 1 }).batch), "write");
  } else if (provision.kind === "codec") {
    whole(await callFormat(trial, opened, samples.slice(0, opened.processor.maxEvents)), "sample");
  } else if (provision.kind !== "processor") {
    await passStream(trial, opened, samples, opened.processor.maxEvents);
  } else {
    const out = Batch.allocate({ capacity: 64, segments: 16 });
    await trial.within(opened.processor.process(inputBatch(codec, { count: 1 }).batch, out), "process");
  }
}

const opensAndCloses: Check = {
  name: "opens, connects, works and closes",
  async run(trial) {
    const started = performance.now();
    await trial.use((opened) => work(trial, opened));
    return `${Math.round(performance.now() - started)} ms`;
  },
};

const closesUnused: Check = {
  name: "closes before it was connected",
  async run(trial) {
    const opened = await trial.open();
    await opened.close();
    return "";
  },
};

const refusesAfterClose: Check = {
  name: "does nothing after it was closed",
  run: (trial) =>
    trial.useUntilClosed(async (opened) => {
      await opened.close();
      const { provision } = trial.options;
      const refused = provision.kind === "source"
        ? await refusalOf(() => opened.connect())
        : await refusalOf(() => work(trial, opened));
      if (refused === undefined) throw broken("it worked after close", "an error");
      if (isTimeout(refused)) throw refused;
      return "";
    }),
};

const twiceAtOnce: Check = {
  name: "works twice in one process, at once and again",
  run: (trial) =>
    trial.use(async (first) => {
      await trial.use(async (second) => {
        await Promise.all([work(trial, first), work(trial, second)]);
      });
      // A source may have had one event only.
      if (trial.options.provision.kind !== "source") await work(trial, first);
      return "";
    }),
};

/** What a process holds. */
interface Held {
  readonly descriptors: number;
  readonly threads: number;
}

/** Descriptors and threads of this process, where it may look. */
function held(): Held | undefined {
  try {
    return {
      descriptors: [...Deno.readDirSync("/proc/self/fd")].length,
      threads: [...Deno.readDirSync("/proc/self/task")].length,
    };
  } catch {
    // Another system, or a host that may not look: what the libraries say is checked all the same.
    return undefined;
  }
}

const leavesNothing: Check = {
  name: `leaves nothing behind, ${CYCLES} times`,
  async run(trial) {
    await trial.use((opened) => work(trial, opened));
    const { descriptor } = trial.options.plugin;
    const unloads = unloadCounts();
    const grown = await cycleUntilFlat(trial);
    const now = unloadCounts();
    const parked = now.parked - unloads.parked;
    const unloadable = descriptor !== undefined && (descriptor.flags & UNLOADABLE) !== 0;
    if (now.stuck > unloads.stuck || (unloadable && parked > 0)) {
      throw broken(
        `caisson_live_1 was not 0 after close, ${parked + now.stuck - unloads.stuck} times`,
        "0, so that the library can be unloaded",
      );
    }
    return grown === undefined
      ? "descriptors and threads could not be counted here"
      : `${grown.descriptors} descriptors, ${grown.threads} threads more`;
  },
};

/**
 * Opens and closes until a round of it leaves the process as large as it was. What leaks does so every round; threads of
 * the runtime's own pool, which start when the machine is busy and live on for seconds, do it once.
 */
async function cycleUntilFlat(trial: Trial): Promise<Held | undefined> {
  for (let round = 1;; round++) {
    const before = held();
    for (let cycle = 0; cycle < CYCLES; cycle++) await trial.use(() => Promise.resolve());
    if (before === undefined) return undefined;
    const grown = await grownSince(before);
    if (Math.max(grown.descriptors, grown.threads) <= SLACK) return grown;
    if (round === ROUNDS) {
      throw broken(
        `${grown.descriptors} descriptors and ${grown.threads} threads more than before, ${ROUNDS} times in a row`,
        `at most ${SLACK}`,
      );
    }
  }
}

/** What is held now and was not before, after a moment for what goes by itself. */
async function grownSince(before: Held): Promise<Held> {
  const until = performance.now() + SETTLE_MS;
  for (;;) {
    const after = held()!;
    const grown = {
      descriptors: after.descriptors - before.descriptors,
      threads: after.threads - before.threads,
    };
    if (Math.max(grown.descriptors, grown.threads) <= SLACK || performance.now() > until) return grown;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const wrongValues: Readonly<Record<string, unknown>> = {
  string: 17,
  integer: "wrong",
  number: "wrong",
  boolean: "wrong",
  array: "wrong",
  object: "wrong",
};

const refusesBadConfig: Check = {
  name: "refuses a wrong configuration with a message",
  async run(trial) {
    const { provision, config } = trial.options;
    const properties = Object.entries(
      Object(provision.config?.["properties"]) as Record<string, Record<string, unknown>>,
    );
    let refused = 0;
    for (const [name, property] of properties) {
      const wrong = property["enum"] === undefined ? wrongValues[String(property["type"])] : { wrong: true };
      if (wrong === undefined) continue;
      const bad = { ...config, [name]: wrong };
      const answer = await refusalOf(() => checkConfig(provision.config, bad, provision.name));
      if (!(answer instanceof CaissonError) || !answer.message.includes(name)) {
        throw broken(`the schema lets ${name}: ${JSON.stringify(wrong)} pass`, "a refusal that names it");
      }
      refused++;
      await openAnyway(trial, name, bad);
    }
    return `${refused} of ${properties.length} properties`;
  },
};

/** A host that does not look at the schema must not be able to make it crash or hang. */
async function openAnyway(trial: Trial, name: string, config: Readonly<Record<string, unknown>>): Promise<void> {
  let opened: Opened;
  try {
    opened = await trial.open(config);
  } catch (thrown) {
    if (isTimeout(thrown)) throw thrown;
    const words = thrown instanceof CaissonError ? thrown.found : messageOf(thrown);
    if (words.trim() === "") throw broken(`${name} was refused without a word`, "a message that says why");
    return;
  }
  await opened.close();
}

/** The checks every component has to pass, before those of its kind. */
export const lifeChecks: readonly Check[] = [
  opensAndCloses,
  closesUnused,
  refusesAfterClose,
  twiceAtOnce,
  refusesBadConfig,
];

/** The checks of what is left when everything else is over. */
export const lastChecks: readonly Check[] = [leavesNothing];
