import { defined } from '../base/defined.ts';
/**
 * What is set, one text a key, as an operator would write and read it: `encryption.algorithm` → `aws:kms`. Two states of
 * a setting are the same exactly when their facts are.
 */
export type Facts = ReadonlyMap<string, string>;

/** A key whose fact is not as it should be. */
export interface Difference {
  readonly key: string;
  /** Absent: nothing is set, nothing should be. */
  readonly is?: string;
  readonly should?: string;
}

/** Every key that differs, those of `is` first, in their order. Pure. */
export function differences(is: Facts, should: Facts): readonly Difference[] {
  return [...new Set([...is.keys(), ...should.keys()])].flatMap((key) => {
    const [was, wanted] = [is.get(key), should.get(key)];
    if (was === wanted) return [];
    return [{ key, ...defined({ is: was, should: wanted }) }];
  });
}

/** Facts of what is there: absent values have none. */
export function facts(entries: Readonly<Record<string, string | undefined>>): Facts {
  return new Map(
    Object.entries(entries).flatMap(([key, text]) => (text === undefined ? [] : [[key, text] as const])),
  );
}
