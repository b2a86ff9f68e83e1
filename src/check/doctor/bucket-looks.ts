import { openBucket } from '../../bucket/open-bucket.ts';
import { bucketExists } from '../../s3/bucket.ts';
import { readCapabilities } from '../../bucket/capability/known-capabilities.ts';
import { lacksOf } from '../../bucket/capability/lacks.ts';
import type { Bucket } from '../../language/environment/bucket.ts';
import type { S3Location } from '../../language/environment/environment.ts';
import { failed, fine, warning, type Check } from '../check.ts';
import type { Look } from './look.ts';
import type { ExaminedEnvironment, Instruments } from './patient.ts';

/** Whether each declared bucket is there, and what its YAML asks for that its store does not have. */
export function bucketLooks(bucket: Bucket, instruments: Instruments): readonly Look[] {
  const subject = `bucket ${bucket.name}`;
  return [
    {
      subject,
      what: 'settings',
      take: () => lackFindings(bucket, instruments),
    },
    { subject, what: 'bucket', take: (signal) => presence(bucket, instruments, signal) },
  ];
}

async function presence(
  bucket: Bucket,
  { secrets }: Instruments,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  const store = await openBucket(bucket.connection, secrets);
  try {
    if (await bucketExists(store, signal)) return [fine('bucket', 'it is there')];
    const hint = bucket.create
      ? `run-plan apply ${bucket.name} makes it`
      : `check the name and the endpoint, or say create: true under buckets: ${bucket.name}`;
    return bucket.create
      ? [warning('bucket', 'there is no such bucket yet', hint)]
      : [{ what: 'bucket', state: 'fail', found: 'there is no such bucket', hint }];
  } finally {
    store.close();
  }
}

async function lackFindings(bucket: Bucket, { stateFolder, clock }: Instruments): Promise<readonly Check[]> {
  const { endpoint } = bucket.connection;
  const known =
    endpoint === undefined ? undefined : await readCapabilities(stateFolder, endpoint, clock.now());
  return lacksOf(bucket, known).map(({ setting, failure }) => failed(setting, failure));
}

/** A repository that asks for encryption of a store which passes over the question keeps artifacts in clear. */
export function encryptionLooks(
  subject: string,
  { environment: { repository } }: ExaminedEnvironment,
  instruments: Instruments,
): readonly Look[] {
  const store = repository?.store;
  if (store?.kind !== 's3' || store.s3.encryption === undefined) return [];
  return [
    {
      subject,
      what: 'encryption of the repository',
      take: () => encryptionFindings(store.s3, instruments),
    },
  ];
}

async function encryptionFindings(
  { endpoint, encryption }: S3Location,
  { stateFolder, clock }: Instruments,
): Promise<readonly Check[]> {
  const known =
    endpoint === undefined ? undefined : await readCapabilities(stateFolder, endpoint, clock.now());
  const name = encryption?.algorithm === 'AES256' ? 'upload-encryption-aes256' : 'upload-encryption-kms';
  const probed = known?.capabilities.find((capability) => capability.name === name);
  if (known === undefined || known.isStale || probed?.state !== 'no') return [];
  return [
    {
      what: 'encryption of the repository',
      state: 'fail',
      found: `the store at ${known.endpoint} has no ${name}: ${probed.found}`,
      hint: 'say encrypt: { age: […] } in the repository: artifacts are then encrypted before they leave this host',
    },
  ];
}
