/**
 * A source that ticks: `{ "id": 0, "time": "2026-11-22T10:00:00.000Z" }`, and `payload` when one is configured.
 *
 * Ticks lie on multiples of the interval after the first, so they do not drift; those missed while the flow was blocked
 * are left out rather than caught up.
 * @module
 */
import type { Context, Json, Plugin, Source } from "@caisson/plugin";

interface Config {
  readonly "interval_ms"?: number;
  readonly count?: number;
  readonly payload?: Json;
}

function metronome({ config }: Context<Config>): Source {
  const { interval_ms: interval = 1000, count = Infinity, payload } = config;
  let id = 0;
  let due: number | undefined;
  return {
    read() {
      if (id >= count) return { kind: "finished" };
      const now = performance.now();
      due ??= now;
      if (now < due) return { kind: "idle", retryAfterMs: due - now };
      due += interval * (1 + Math.floor((now - due) / interval));
      const tick = { id: id++, time: new Date().toISOString() };
      return { kind: "events", values: [payload === undefined ? tick : { ...tick, payload }] };
    },
  };
}

/** The components of this plugin. */
const plugin: Plugin = { metronome };

export default plugin;
