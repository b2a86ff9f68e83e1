import { defined } from '../../base/defined.ts';
import {
  capabilityDamage,
  notesFolder,
  readCapabilities,
  writeCapabilities,
  type KnownCapabilities,
} from '../../bucket/capability/known-capabilities.ts';
import { openGroundNotes } from '../../bucket/capability/ground-notes.ts';
import { probeStore } from '../../bucket/capability/probe-store.ts';
import type { S3Location } from '../../language/environment/environment.ts';
import { fine, warning, type Check } from '../check.ts';
import type { Look } from './look.ts';
import type { Instruments, Patient } from './patient.ts';

/** A probe asks some sixty things one after the other. Milliseconds. */
const limitMs = 5 * 60_000;

/** What each store that is not Amazon's was seen to do; probed anew when that was asked for. */
export function capabilityLooks(patient: Patient, instruments: Instruments): readonly Look[] {
  return [...storesOf(patient)].map(([endpoint, { location, kmsKey }]) => ({
    subject: `store ${endpoint}`,
    what: 'capabilities',
    limitMs,
    take: async (signal) => {
      const { stateFolder, clock } = instruments;
      if (instruments.fresh) await probe(location, endpoint, kmsKey, instruments, signal);
      const damage = await capabilityDamage(stateFolder, endpoint);
      return capabilityFindings(await readCapabilities(stateFolder, endpoint, clock.now()), damage);
    },
  }));
}

async function probe(
  location: S3Location,
  endpoint: string,
  kmsKey: string | undefined,
  { secrets, stateFolder, clock }: Instruments,
  signal: AbortSignal,
): Promise<void> {
  const capabilities = await probeStore(location, secrets, {
    signal,
    notes: openGroundNotes(notesFolder(stateFolder, endpoint)),
    ...defined({ kmsKey }),
  });
  await writeCapabilities(stateFolder, { endpoint, probedAt: clock.now(), capabilities });
}

/** Lacks are told, not failed: whether one matters is for the YAML that asks for it. */
function capabilityFindings(
  known: KnownCapabilities | undefined,
  damage: string | undefined,
): readonly Check[] {
  const what = 'capabilities';
  const how = 'run-plan doctor --fresh probes it, in buckets of its own that it makes and removes';
  if (known === undefined) return [warning(what, damage ?? 'never probed', how)];
  const on = `probed on ${known.probedAt.toISOString().slice(0, 10)}`;
  const head = known.isStale ? warning(what, `${on}, which is long ago`, how) : fine(what, on);
  return [
    head,
    ...known.capabilities.map(({ name, state, found }) =>
      fine(name, `${state === 'yes' ? 'yes' : state === 'no' ? 'NO' : 'unknown'}: ${found}`),
    ),
  ];
}

interface StoreToProbe {
  readonly location: S3Location;
  readonly kmsKey: string | undefined;
}

/** By endpoint. Keys that may change a bucket's settings are the likeliest to be allowed to make one. */
function storesOf({ buckets, environments }: Patient): ReadonlyMap<string, StoreToProbe> {
  const wanted = [
    ...buckets.map(({ connection, encryption }) => ({ location: connection, key: encryption?.key })),
    ...environments.flatMap(({ environment: { repository, uploads } }) =>
      [repository?.store, uploads?.store].flatMap((store) =>
        store?.kind === 's3' ? [{ location: store.s3, key: store.s3.encryption?.key }] : [],
      ),
    ),
  ];
  const found = new Map<string, StoreToProbe>();
  for (const { location, key } of wanted) {
    const { endpoint } = location;
    if (endpoint === undefined) continue;
    const known = found.get(endpoint);
    found.set(endpoint, { location: known?.location ?? location, kmsKey: known?.kmsKey ?? key });
  }
  return found;
}
