import type { MayBeOpen } from './yaml/open.ts';
import type { SecretReference } from './secret-reference.ts';

/** A secret as YAML says it: exactly one of these keys, as schemas/shared/secret.schema.json has it. */
export interface WrittenReference {
  readonly env?: string;
  readonly file?: string;
  readonly command?: string;
  readonly credential?: string;
}

/** The reference that was written at `position` (`file:line:column`, or the key's name where that is not known). */
export function readReference(said: MayBeOpen<WrittenReference>, position: string): SecretReference {
  // `{ env }` is the reference itself here, so that nothing of it can be open.
  const written = said as WrittenReference;
  if (written.env !== undefined) return { position, kind: 'env', name: written.env };
  if (written.file !== undefined) return { position, kind: 'file', path: written.file };
  if (written.command !== undefined) return { position, kind: 'command', command: written.command };
  return { position, kind: 'credential', name: written.credential ?? '' };
}
