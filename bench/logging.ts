/**
 * Tremor's logging workload: classify an event, then limit the rate of its class. What is above the rate is counted and
 * still goes on, so every event that goes in comes out.
 * @module
 */

/** What the rules decide about an event. */
interface Rule {
  readonly name: string;
  /** Events a second each dimension may have. */
  readonly rate: number;
  /** Field that divides the class into buckets. */
  readonly dimension?: "logger_name" | "syslog_hostname";
}

type Fields = Readonly<Record<string, unknown>>;

// In the order of the original script; the dimension of app5 is lost there by a typing error, and so it is here.
const BY_APPLICATION: Readonly<Record<string, Rule>> = {
  app1: { name: "applog_app1", rate: 1250 },
  app2: { name: "applog_app2", rate: 2500 },
  app3: { name: "applog_app3", rate: 18750 },
  app4: { name: "applog_app4", rate: 750 },
  app5: { name: "applog_app5", rate: 18750 },
};
const BY_INDEX: Readonly<Record<string, Rule>> = {
  "applog_app6": { name: "applog_app6", rate: 4500, dimension: "logger_name" },
  "syslog_app1": { name: "syslog_app1", rate: 2500, dimension: "syslog_hostname" },
};
const TAGGED: Rule = { name: "syslog_app2", rate: 125, dimension: "syslog_hostname" };
const LATE_BY_INDEX: Readonly<Record<string, Rule>> = {
  "syslog_app3": { name: "syslog_app3", rate: 1750 },
  "syslog_app4": { name: "syslog_app4", rate: 7500 },
  "syslog_app5": { name: "syslog_app5", rate: 125 },
  "syslog_app6": { name: "syslog_app6", rate: 3750 },
};
const OTHERWISE: Rule = { name: "default", rate: 250 };

function classify(event: Fields): Rule {
  const application = event["application"];
  const byApplication = typeof application === "string" ? BY_APPLICATION[application] : undefined;
  if (byApplication !== undefined) return byApplication;
  const index = event["index_type"];
  const byIndex = typeof index === "string" ? BY_INDEX[index] : undefined;
  if (byIndex !== undefined) return byIndex;
  const tags = event["tags"];
  if (Array.isArray(tags) && tags.includes("tag1")) return TAGGED;
  return (typeof index === "string" ? LATE_BY_INDEX[index] : undefined) ?? OTHERWISE;
}

/** Name of the class an event falls into. */
export function classOf(event: Fields): string {
  return classify(event).name;
}

/** Windows of 100 that make up a second, as `grouper::bucket` divides it. */
const WINDOW_MS = 10;
const WINDOWS = 100;

/** Counts the events of the last second of one class and dimension. */
class Bucket {
  readonly #windows = new Float64Array(WINDOWS);
  #sum = 0;
  #current = 0;

  /** Whether one more is within the rate. */
  take(rate: number, nowMs: number): boolean {
    const window = Math.floor(nowMs / WINDOW_MS);
    const passed = Math.min(WINDOWS, window - this.#current);
    for (let step = 1; step <= passed; step++) {
      const at = (window - passed + step) % WINDOWS;
      this.#sum -= this.#windows[at]!;
      this.#windows[at] = 0;
    }
    this.#current = window;
    if (this.#sum >= rate) return false;
    this.#windows[window % WINDOWS]! += 1;
    this.#sum++;
    return true;
  }
}

/** The workload's state: one bucket for each class and dimension. */
export class LoggingWorkload {
  /** Events within their rate, Tremor's port `out`. */
  within = 0;
  /** Events above it, Tremor's port `overflow`. */
  above = 0;
  readonly #buckets = new Map<Rule, Map<unknown, Bucket>>();

  /** Classifies and counts an event; it goes on whatever comes of it. */
  step(event: Fields, nowMs: number): true {
    const rule = classify(event);
    let buckets = this.#buckets.get(rule);
    if (buckets === undefined) this.#buckets.set(rule, buckets = new Map());
    const key = rule.dimension === undefined ? undefined : event[rule.dimension];
    let bucket = buckets.get(key);
    if (bucket === undefined) buckets.set(key, bucket = new Bucket());
    if (bucket.take(rule.rate, nowMs)) this.within++;
    else this.above++;
    return true;
  }
}
