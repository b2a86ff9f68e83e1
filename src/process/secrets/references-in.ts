import type { SecretReference } from '../../language/secret-reference.ts';
import type { Variables } from '../environment.ts';
import type { Redactor } from './redactor.ts';

/** Every reference in nested plain data, however deep it lies. */
export function referencesIn(value: unknown): readonly SecretReference[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (typeof value !== 'object' || value === null) return [];
  return isReference(value) ? [value] : Object.values(value).flatMap(referencesIn);
}

/**
 * Teaches the redactor every secret that a variable holds and that `declared` names as one, whether anybody resolves it or
 * not, and the passwords of proxies: whatever prints them, they are masked.
 */
export function teachVariables(declared: unknown, variables: Variables, redactor: Redactor): void {
  for (const name of variablesNamed(declared)) {
    const value = variables[name]?.trim();
    if (value !== undefined && value !== '') redactor.teach(value);
  }
  for (const [name, value = ''] of Object.entries(variables)) {
    const password = /_proxy$/i.test(name) ? /:\/\/[^/@]*:([^/@]+)@/.exec(value)?.[1] : undefined;
    if (password !== undefined) redactor.teach(password);
  }
}

/** Names of the variables that hold secrets: of references, and of those that tasks' parameters spell as YAML does. */
function variablesNamed(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (isReference(value)) return value.kind === 'env' ? [value.name] : [];
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  const [[key, name] = [], second] = entries;
  if (key === 'env' && second === undefined && typeof name === 'string') return [name];
  return entries.flatMap(([, part]) => variablesNamed(part));
}

function isReference(value: object): value is SecretReference {
  if (!('kind' in value) || !('position' in value)) return false;
  const { kind } = value;
  return kind === 'env' || kind === 'file' || kind === 'command' || kind === 'credential';
}
