import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describeDamage, document, soundValue } from '../../base/document.ts';
import { makeStateFolder, stateFolderFailure } from '../../base/state-folder.ts';
import type {
  ProbedCapability,
  StoredCapabilities,
} from '../../language/generated/store-capabilities.types.ts';

/** After this long a store may have been upgraded or exchanged: it is to be probed again. Milliseconds. */
const capabilityAgeLimitMs = 30 * 86_400_000;

const storeNotes = document<StoredCapabilities>({
  name: 'note of what a store can do',
  // A line or two a capability, of which there are some thirty.
  limitBytes: 1024 * 1024,
  schema: () => import('../../language/generated/store-capabilities.validate.ts'),
});

/** What is known of a store: by its endpoint, whoever uses it. */
export interface KnownCapabilities {
  readonly endpoint: string;
  readonly probedAt: Date;
  /** Older than the limit: to be told, and no ground for a refusal. */
  readonly isStale: boolean;
  readonly capabilities: readonly ProbedCapability[];
}

/** Undefined for a store that was never probed, and for one whose note is damaged (`capabilityDamage`): it can be made again. */
export async function readCapabilities(
  stateFolder: string,
  endpoint: string,
  now: Date,
): Promise<KnownCapabilities | undefined> {
  const stored = soundValue(await storeNotes.readFile(capabilityFile(stateFolder, endpoint)));
  if (stored?.endpoint !== endpoint) return undefined;
  const { probedAt: at, capabilities } = stored;
  const probedAt = new Date(at);
  const isStale = now.getTime() - probedAt.getTime() > capabilityAgeLimitMs;
  return { endpoint, probedAt, isStale, capabilities };
}

/** What is wrong with the note of a store, in half a sentence; undefined when it is sound or there is none. */
export async function capabilityDamage(stateFolder: string, endpoint: string): Promise<string | undefined> {
  const stored = await storeNotes.readFile(capabilityFile(stateFolder, endpoint));
  return stored.state === 'damaged' ? describeDamage(stored.damage) : undefined;
}

/** Whole or not at all, also when two probes end at once. @throws Failure `state-folder` */
export async function writeCapabilities(
  stateFolder: string,
  known: Pick<KnownCapabilities, 'endpoint' | 'probedAt' | 'capabilities'>,
): Promise<void> {
  const file = capabilityFile(stateFolder, known.endpoint);
  makeStateFolder(storesFolder(stateFolder));
  const stored: StoredCapabilities = {
    format: 1,
    endpoint: known.endpoint,
    probedAt: known.probedAt.toISOString(),
    capabilities: [...known.capabilities],
  };
  try {
    await storeNotes.writeFile(file, stored);
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
