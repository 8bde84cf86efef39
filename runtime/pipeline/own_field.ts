/** Puts fields into records whatever their names are. @module */

/** Sets an own field; assigned, `__proto__` would become the prototype, or be gone. */
export function putOwn(record: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") record[name] = value;
  else Object.defineProperty(record, name, { value, writable: true, enumerable: true, configurable: true });
}
