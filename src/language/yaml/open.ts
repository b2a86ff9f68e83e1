import type { SecretReference } from '../secret-reference.ts';
import type { Path } from './yaml-document.ts';

/**
 * A value that is known only when its variable is set, which it is not here. It stands in the place of the value, so that
 * nothing can take it for one: nothing is wrong with the file, but what needs the value cannot go on.
 */
export class Open {
  readonly variable: string;
  readonly path: Path;
  /** `file:line:column` of the setting. */
  readonly position: string;

  constructor(variable: string, path: Path, position: string) {
    this.variable = variable;
    this.path = path;
    this.position = position;
  }

  /** For people. */
  toString(): string {
    return `$${this.variable}`;
  }
}

/**
 * What was written, each single value of which may be open. A secret is never: `{ env }` there is where it is to be found; nor is a
 * `kind`, which keys decide.
 */
export type MayBeOpen<T> = T extends string | number | boolean
  ? T | Open
  : T extends SecretReference | ReadonlyMap<unknown, unknown>
    ? T
    : T extends object
      ? { readonly [Key in keyof T]: Key extends 'kind' ? T[Key] : MayBeOpen<T[Key]> }
      : T;

/** The value where it is known. */
export function known<T>(value: T | Open): T | undefined {
  return value instanceof Open ? undefined : value;
}

/** A text for people, who read the variable's name where it is not known. */
export function textOf(text: string | Open | undefined): string | undefined {
  return text === undefined ? undefined : String(text);
}

/** Whether two values are the same, or will be: those of one variable. */
export function isSameOrWillBe(left: unknown, right: unknown): boolean {
  if (left instanceof Open && right instanceof Open) return left.variable === right.variable;
  return left === right;
}

/** Every open value in nested plain data. */
export function openIn(value: unknown): readonly Open[] {
  if (value instanceof Open) return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(openIn);
}
