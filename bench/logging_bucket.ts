/** The rules of {@linkcode file://./logging.ts} as data: a bucket's class, rate and dimension are expressions. @module */
import type { Expression } from "../runtime/flow/flow_definition.ts";
import type { BucketDefinition } from "../runtime/pipeline/step/step_definition.ts";

const application = ["field", "application"] as const;
const index = ["field", "index_type"] as const;
const isTagged: Expression = ["contains", ["field", "tags"], "tag1"];

const anyOf = (field: Expression, ...values: readonly string[]): Expression => ["in", field, ["literal", values]];

/** What the first of the conditions that holds says. */
function firstOf(
  cases: readonly (readonly [condition: Expression, value: Expression])[],
  otherwise: Expression,
): Expression {
  return cases.reduceRight<Expression>((rest, [condition, value]) => ["if", condition, value, rest], otherwise);
}

const isApplication = anyOf(application, "app1", "app2", "app3", "app4", "app5");
const isIndex = anyOf(index, "applog_app6", "syslog_app1");
const isLateIndex = anyOf(index, "syslog_app3", "syslog_app4", "syslog_app5", "syslog_app6");

const rates = (field: Expression, by: Readonly<Record<string, number>>): Expression =>
  firstOf(Object.entries(by).map(([value, rate]) => [["==", field, value], rate] as const), 0);

/** Classes and rates of Tremor's logging workload. */
export const loggingBucket: BucketDefinition = {
  class: firstOf([
    [isApplication, ["concat", "applog_", application]],
    [isIndex, index],
    [isTagged, "syslog_app2"],
    [isLateIndex, index],
  ], "default"),
  rate: firstOf([
    [isApplication, rates(application, { app1: 1250, app2: 2500, app3: 18750, app4: 750, app5: 18750 })],
    [isIndex, rates(index, { "applog_app6": 4500, "syslog_app1": 2500 })],
    [isTagged, 125],
    [isLateIndex, rates(index, { "syslog_app3": 1750, "syslog_app4": 7500, "syslog_app5": 125, "syslog_app6": 3750 })],
  ], 250),
  dimensions: firstOf([
    [isApplication, null],
    [["==", index, "applog_app6"], ["field", "logger_name"]],
    [["==", index, "syslog_app1"], ["field", "syslog_hostname"]],
    [isTagged, ["field", "syslog_hostname"]],
  ], null),
};
