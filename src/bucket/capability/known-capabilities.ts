import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeStateFolder, stateFolderFailure } from '../../base/state-folder.ts';
import type {
  ProbedCapability,
  StoredCapabilities,
} from '../../language/generated/store-capabilities.types.ts';
import { validate } from '../../language/generated/store-capabilities.validate.ts';

/** After this long a store may have been upgraded or exchanged: it is to be probed again. Milliseconds. */
export const capabilityAgeLimitMs = 30 * 86_400_000;

/** What is known of a store: by its endpoint, whoever uses it. */
export interface KnownCapabilities {
  readonly endpoint: string;
  readonly probedAt: Date;
  /** Older than the limit: to be told, and no ground for a refusal. */
  readonly isStale: boolean;
  readonly capabilities: readonly ProbedCapability[];
}

/** Undefined for a store that was never probed. A file that cannot be read counts as none: it can be made again. */
export function readCapabilities(
  stateFolder: string,
  endpoint: string,
  now: Date,
): KnownCapabilities | undefined {
  let stored: unknown;
  try {
    stored = JSON.parse(readFileSync(capabilityFile(stateFolder, endpoint), 'utf8'));
  } catch {
    return undefined;
  }
  if (!isStored(stored)) return undefined;
  const { probedAt: at, capabilities, endpoint: of } = stored;
  const probedAt = new Date(at);
  if (of !== endpoint || Number.isNaN(probedAt.getTime())) return undefined;
  const isStale = now.getTime() - probedAt.getTime() > capabilityAgeLimitMs;
  return { endpoint, probedAt, isStale, capabilities };
}

function isStored(value: unknown): value is StoredCapabilities {
  return validate(value);
}

/** Whole or not at all, also when two probes end at once. @throws Failure `state-folder` */
export function writeCapabilities(
  stateFolder: string,
  known: Pick<KnownCapabilities, 'endpoint' | 'probedAt' | 'capabilities'>,
): void {
  const file = capabilityFile(stateFolder, known.endpoint);
  makeStateFolder(storesFolder(stateFolder));
  const stored: StoredCapabilities = {
    format: 1,
    endpoint: known.endpoint,
    probedAt: known.probedAt.toISOString(),
    capabilities: [...known.capabilities],
  };
  const temporary = `${file}.${String(process.pid)}`;
  try {
    writeFileSync(temporary, `${JSON.stringify(stored, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(temporary, file);
  } catch (error) {
    throw stateFolderFailure(file, error);
  }
}

/** Where the notes of a store's probes lie. */
export function notesFolder(stateFolder: string, endpoint: string): string {
  return join(storesFolder(stateFolder), `${nameOf(endpoint)}.probing`);
}

function storesFolder(stateFolder: string): string {
  return join(stateFolder, 'stores');
}

function capabilityFile(stateFolder: string, endpoint: string): string {
  return join(storesFolder(stateFolder), `${nameOf(endpoint)}.json`);
}

/** An address holds what no file name may. */
function nameOf(endpoint: string): string {
  return createHash('sha256').update(endpoint).digest('hex').slice(0, 16);
}
