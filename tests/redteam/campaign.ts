/** Runs attacks, each first where nothing stands in its way, then against the real runtime. @module */
import type { Outcome } from "./attack.ts";
import { attackHost, hostAttacks } from "./host_attacks.ts";
import { nativeAttacks } from "./native_attacks.ts";
import { attackRunner, buildIntruder, succeedsUnsandboxed } from "./run_native.ts";
import { attackInside, succeedsUnprotected } from "./run_typescript.ts";
import { typeScriptAttacks } from "./typescript_attacks.ts";

/** Options of {@linkcode runCampaign}. */
export interface CampaignOptions {
  /** Which attacks: those whose id it accepts. @default {all} */
  readonly only?: (id: string) => boolean;
  /** Told about each outcome as it comes. */
  readonly onOutcome?: (outcome: Outcome) => void;
}

/** Attacks at a time. */
const AT_A_TIME = 3;

/** What a campaign came to. */
export interface CampaignReport {
  /** In the order of the attacks. */
  readonly outcomes: readonly Outcome[];
  /** Refused, and seen to succeed without the protection. */
  readonly refused: number;
  /** Got through, and is no known gap. */
  readonly escaped: number;
  /** Known gaps of `worker` that are still there. */
  readonly gaps: number;
  /** Attacks that came to nothing without protection, too: on this machine they show nothing. */
  readonly shownNothing: number;
}

type Task = () => Promise<Outcome[]>;

function tasks({ only = () => true }: CampaignOptions): Task[] {
  const inTypeScript = typeScriptAttacks.filter(({ id }) => only(id)).map((attack): Task => async () => {
    const works = await succeedsUnprotected(attack);
    const outcomes: Outcome[] = [];
    for (const place of attack.places ?? ["worker", "guard"] as const) {
      outcomes.push({ ...await attackInside(attack, place), works });
    }
    return outcomes;
  });
  const native = nativeAttacks.filter(({ id }) => only(id));
  const intruder = native.length === 0 ? undefined : buildIntruder();
  const inC = native.map((attack): Task => async () => {
    const plugin = await intruder!;
    const works = await succeedsUnsandboxed(attack, plugin);
    return [{ ...await attackRunner(attack, plugin), works }];
  });
  const withFiles = hostAttacks.filter(({ id }) => only(id)).map(
    (attack): Task => async () => [await attackHost(attack)],
  );
  return [...inTypeScript, ...inC, ...withFiles];
}

/** Runs the attacks, a few at a time. */
export async function runCampaign(options: CampaignOptions = {}): Promise<CampaignReport> {
  const all = tasks(options);
  const found: Outcome[][] = [];
  let next = 0;
  await Promise.all(Array.from({ length: AT_A_TIME }, async () => {
    for (let index = next++; index < all.length; index = next++) {
      found[index] = await all[index]!();
      for (const outcome of found[index]!) options.onOutcome?.(outcome);
    }
  }));
  const outcomes = found.flat();
  const count = (test: (outcome: Outcome) => boolean): number => outcomes.filter(test).length;
  return {
    outcomes,
    refused: count(({ state, works }) => state === "refused" && works === true),
    escaped: count(({ state }) => state === "escaped"),
    gaps: count(({ state }) => state === "gap"),
    shownNothing: count(({ state, works }) => state === "refused" && works !== true),
  };
}
