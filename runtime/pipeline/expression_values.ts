/** How expressions look at values: equality, order, own properties, text and numbers. @module */

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

/** Numbers compare by value, lists and objects by content; values of different types are never the same. */
export function isSame(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (isNumeric(left)) {
    return isNumeric(right) && left >= right && left <= right;
  }
  if (
    typeof left !== "object" || typeof right !== "object" || left === null ||
    right === null
  ) return false;
  if (Array.isArray(left)) {
    return Array.isArray(right) && left.length === right.length &&
      left.every((item, index) => isSame(item, right[index]));
  }
  if (Array.isArray(right)) return false;
  if (left instanceof Date) return right instanceof Date && left.getTime() === right.getTime();
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) =>
    Object.hasOwn(right, key) &&
    isSame(ownProperty(left, key), ownProperty(right, key))
  );
}

/** Negative, zero or positive; `undefined` when the two have no order: only two numbers or two texts do. */
export function order(left: unknown, right: unknown): number | undefined {
  const comparable = isNumeric(left) ? isNumeric(right) : typeof left === "string" && typeof right === "string";
  if (!comparable) return undefined;
  const a = left as number | string;
  const b = right as number | string;
  return a < b ? -1 : a > b ? 1 : a >= b ? 0 : undefined;
}

/** An own property; what an object inherits is not data. */
export function ownProperty(container: unknown, key: string): unknown {
  return typeof container === "object" && container !== null &&
      Object.hasOwn(container, key)
    ? (container as Record<string, unknown>)[key]
    : undefined;
}

/** The value as text; `undefined` for what is absent or null. */
export function asText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return undefined;
  return typeof value === "object" ? jsonText(value) : String(value);
}

// No part of TypeScript's library yet.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** As JSON, in which integers have all their digits. */
function jsonText(value: object): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_, each) => typeof each === "bigint" ? rawJSON(String(each)) : each);
  }
}

/** The value as a number; `undefined` when it is none. */
export function asNumber(value: unknown): number | undefined {
  switch (typeof value) {
    case "number":
      return value;
    case "bigint":
    case "boolean":
      return Number(value);
    case "string":
      return value.trim() === "" ? undefined : finite(Number(value));
    default:
      return undefined;
  }
}

/** The number, unless it is infinite or not a number. */
export function finite(number: number): number | undefined {
  return Number.isFinite(number) ? number : undefined;
}
