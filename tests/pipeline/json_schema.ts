/** As much of JSON Schema 2020-12 as the schema of flows uses; a keyword it does not know fails the test. @module */

/** A JSON Schema. */
export type Schema = Readonly<Record<string, unknown>>;

function typeOf(value: unknown): readonly string[] {
  if (value === null) return ["null"];
  if (Array.isArray(value)) return ["array"];
  return Number.isInteger(value) ? ["integer", "number"] : [typeof value];
}

/** Checks values against the schema `root`, which has the definitions. */
export class JsonSchema {
  readonly #root: Schema;

  /** Takes the whole schema. */
  constructor(root: Schema) {
    this.#root = root;
  }

  /** Whether the value fits the definition of that name. */
  fits(definition: string, value: unknown): boolean {
    return this.holds((this.#root["$defs"] as Record<string, Schema>)[definition]!, value);
  }

  /** Whether the value fits. */
  holds(schema: Schema | boolean, value: unknown): boolean {
    if (typeof schema === "boolean") return schema;
    return Object.entries(schema).every(([keyword, wanted]) => this.#keyword(keyword, wanted, value, schema));
  }

  #keyword(keyword: string, wanted: unknown, value: unknown, schema: Schema): boolean {
    const list = Array.isArray(value) ? value as unknown[] : undefined;
    const record = typeof value === "object" && value !== null && list === undefined
      ? value as Record<string, unknown>
      : undefined;
    switch (keyword) {
      case "$schema":
      case "$defs":
      case "id":
      case "title":
      case "description":
      case "format":
      case "then":
      case "else":
        return true;
      case "$ref":
        return this.fits((wanted as string).slice("#/$defs/".length), value);
      case "type":
        return typeOf(value).some((type) => [wanted].flat().includes(type));
      case "const":
        return value === wanted;
      case "enum":
        return (wanted as unknown[]).includes(value);
      case "not":
        return !this.holds(wanted as Schema, value);
      case "pattern":
        return typeof value !== "string" || new RegExp(wanted as string, "u").test(value);
      case "minLength":
        return typeof value !== "string" || value.length >= (wanted as number);
      case "minimum":
        return typeof value !== "number" || value >= (wanted as number);
      case "exclusiveMinimum":
        return typeof value !== "number" || value > (wanted as number);
      case "maximum":
        return typeof value !== "number" || value <= (wanted as number);
      case "minItems":
        return list === undefined || list.length >= (wanted as number);
      case "prefixItems":
        return list === undefined ||
          (wanted as Schema[]).every((item, index) => index >= list.length || this.holds(item, list[index]));
      case "items": {
        const rest = list?.slice((schema["prefixItems"] as unknown[] | undefined)?.length ?? 0) ?? [];
        return wanted === false ? rest.length === 0 : rest.every((item) => this.holds(wanted as Schema, item));
      }
      case "required":
        return record === undefined || (wanted as string[]).every((key) => Object.hasOwn(record, key));
      case "minProperties":
        return record === undefined || Object.keys(record).length >= (wanted as number);
      case "maxProperties":
        return record === undefined || Object.keys(record).length <= (wanted as number);
      case "propertyNames":
        return record === undefined || Object.keys(record).every((key) => this.holds(wanted as Schema, key));
      case "properties":
        return record === undefined ||
          Object.entries(wanted as Record<string, Schema>).every(([key, of]) =>
            !Object.hasOwn(record, key) || this.holds(of, record[key])
          );
      case "additionalProperties": {
        const known = Object.keys(schema["properties"] as Schema | undefined ?? {});
        return record === undefined ||
          Object.keys(record).every((key) =>
            known.includes(key) || this.holds(wanted as Schema | boolean, record[key])
          );
      }
      case "anyOf":
        return (wanted as Schema[]).some((each) => this.holds(each, value));
      case "oneOf":
        return (wanted as Schema[]).filter((each) => this.holds(each, value)).length === 1;
      case "allOf":
        return (wanted as Schema[]).every((each) => this.holds(each, value));
      case "if": {
        const then = schema[this.holds(wanted as Schema, value) ? "then" : "else"] as Schema | undefined;
        return then === undefined || this.holds(then, value);
      }
      default:
        throw new TypeError(keyword);
    }
  }
}
