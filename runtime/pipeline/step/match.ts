/** `match`: the first pattern that fits decides what becomes of an event. @module */
import { CaissonError } from "../../errors/caisson_error.ts";
import { excerpt } from "../../manifest/untrusted_text.ts";
import type { Event } from "../../flow/delivery.ts";
import type { Expression } from "../../flow/flow_definition.ts";
import { checkCondition } from "../expected_value.ts";
import { invalid } from "../invalid.ts";
import type { Emit, Operator } from "../operator.ts";
import type { Target } from "../select_definition.ts";
import { compileTarget } from "../target.ts";
import type { MatchCase, MatchDefinition } from "./match_definition.ts";
import { type Captures, compilePattern, type Matches } from "./pattern.ts";
import { patternExpression } from "./pattern_expression.ts";
import { nativeRoute } from "./route_rows.ts";

interface Case {
  readonly matches: Matches;
  readonly when: ((scope: unknown) => unknown) | undefined;
  readonly then: ((scope: unknown) => unknown) | undefined;
  readonly to: string | undefined;
  readonly drop: boolean;
}

const scope = { names: ["captured"], aggregates: false };

/**
 * Compiles a `match`.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` naming the path
 */
export function compileMatch({ cases: given, otherwise = "fail" }: MatchDefinition, path: string): Operator {
  const cases = given.map((each, index) => compileCase(each, `${path}.cases[${index}]`));
  const ports = [...new Set(cases.flatMap(({ to }) => to === undefined ? [] : [to]))];
  const emits = new Map<string, Emit>();
  const unmatched = (event: Event, emit: Emit): boolean => {
    if (otherwise === "pass") return emit(event);
    if (otherwise === "drop") return false;
    throw new CaissonError("CAISSON_OPERATOR_FAILED", {
      subject: path,
      found: `${excerpt(event.value)}, which no case matches`,
      allowed: 'a value that a case matches; or say "otherwise": "pass" or "drop"',
    });
  };
  return {
    ...nativeRoute(given.map(caseExpression), (first, event, emit) => {
      const found = cases[first];
      if (found === undefined) return unmatched(event, emit);
      return !found.drop && (found.to === undefined ? emit : emits.get(found.to)!)(event);
    }),
    name: "match",
    ports,
    bind: (port) => {
      for (const name of ports) emits.set(name, port(name));
    },
    step: (event, emit) => {
      const value = event.value;
      for (const { matches, when, then, to, drop } of cases) {
        const captured: Captures = {};
        if (!matches(value, captured)) continue;
        if (when !== undefined && when({ event: value, captured }) !== true) continue;
        if (drop) return false;
        const made = then === undefined ? event : event.with(then({ event: value, captured }));
        return (to === undefined ? emit : emits.get(to)!)(made);
      }
      return unmatched(event, emit);
    },
  };
}

/** A case that only says which way an event goes, as an expression that holds when it is the one. */
function caseExpression({ case: pattern, when, then }: MatchCase): Expression | undefined {
  return when === undefined && then === undefined ? patternExpression(pattern) : undefined;
}

function compileCase({ case: pattern, when, then, to, drop }: MatchCase, path: string): Case {
  if (drop === true && (then !== undefined || to !== undefined)) {
    throw invalid(path, "drop beside then or to", "one of them");
  }
  return {
    matches: compilePattern(pattern, `${path}.case`),
    when: when === undefined ? undefined : compileWhen(when, `${path}.when`),
    then: then === undefined ? undefined : compileTarget(then, `${path}.then`, scope).compute,
    to,
    drop: drop === true,
  };
}

function compileWhen(when: Target, path: string): (scope: unknown) => unknown {
  const { compute } = compileTarget(when, path, scope);
  checkCondition(when, path);
  return compute;
}
