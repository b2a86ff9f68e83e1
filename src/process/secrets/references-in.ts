import type { SecretReference } from '../../language/secret-reference.ts';

/** Every reference in nested plain data, however deep it lies. */
export function referencesIn(value: unknown): readonly SecretReference[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (typeof value !== 'object' || value === null) return [];
  return isReference(value) ? [value] : Object.values(value).flatMap(referencesIn);
}

function isReference(value: object): value is SecretReference {
  if (!('kind' in value) || !('position' in value)) return false;
  const { kind } = value;
  return kind === 'env' || kind === 'file' || kind === 'command' || kind === 'credential';
}
