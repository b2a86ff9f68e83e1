import type { SecretReference } from '../../language/secret-reference.ts';
import { renderReference } from '../../process/secrets/secret-store.ts';
import { fine } from '../check.ts';
import type { Look } from './look.ts';
import type { Instruments } from './patient.ts';

/** A command of a password store has 30 s of its own. Milliseconds. */
const limitMs = 35_000;

/** Whether every secret that an environment or a step names can be had; its value is never shown. */
export function secretLooks(subject: string, holder: unknown, { secrets }: Instruments): readonly Look[] {
  return secretsIn(holder).map(({ name, reference }) => ({
    subject,
    what: `secret ${name}`,
    limitMs,
    take: async () => {
      await secrets.resolve(reference);
      return [fine(`secret ${name}`, renderReference(reference))];
    },
  }));
}

interface NamedReference {
  /** `repository.s3.secret-access-key`. */
  readonly name: string;
  readonly reference: SecretReference;
}

/** Every reference in a value, whatever part of the environment it stands in. Pure. */
export function secretsIn(value: unknown, path: readonly string[] = []): readonly NamedReference[] {
  if (typeof value !== 'object' || value === null) return [];
  if (isReference(value)) return [{ name: nameOf(path), reference: value }];
  return Object.entries(value).flatMap(([key, inner]) => secretsIn(inner, [...path, key]));
}

function isReference(value: object): value is SecretReference {
  return (
    'position' in value &&
    'kind' in value &&
    ['env', 'file', 'command', 'credential'].includes(String(value.kind))
  );
}

/** As the YAML writes it: without what only the program has in between. */
function nameOf(path: readonly string[]): string {
  return path
    .filter((key) => key !== 'store')
    .map((key) => (key === 'variables' ? 'env' : key))
    .map((key) => key.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter.toLowerCase()}`))
    .join('.');
}
