import { defined } from '../base/defined.ts';
import type * as Sdk from '@aws-sdk/client-s3';
import { systemClock, type Clock } from '../base/clock.ts';
import type { S3Location } from '../language/environment/environment.ts';
import type { Secrets } from '../language/secret-reference.ts';
import { createPace, type Pace, type PaceOptions } from './pace.ts';
import type { OnWait, Patience } from './patience.ts';

export type { OnWait, WaitNotice } from './patience.ts';

/** How long a store may take, in milliseconds. */
export interface S3Limits {
  /** For a connection to be made, TLS included. */
  readonly connectionMs: number;
  /** Without a byte in either direction. */
  readonly idleMs: number;
  /** For one request, its body sent and its answer begun: a part over a slow line takes minutes. */
  readonly requestMs: number;
  /** For the whole body of a small object, which may come byte by byte; what comes later is a connection that broke. */
  readonly smallMs: number;
  /** From the first failure of a request, or of a broken download without progress, until it is given up. */
  readonly patienceMs: number;
}

/** For the steps of a run: a store that is restarted is waited for. */
export const patientLimits: S3Limits = {
  connectionMs: 10_000,
  idleMs: 60_000,
  requestMs: 15 * 60_000,
  smallMs: 30_000,
  patienceMs: 3 * 60_000,
};

/** For a person who waits for the answer. */
export const promptLimits: S3Limits = { ...patientLimits, patienceMs: 5_000 };

export interface S3Options {
  /** Other limits than the prompt ones. */
  readonly limits?: Partial<S3Limits>;
  /** What waits between tries: the system's clock unless said. */
  readonly clock?: Clock;
  /** 0 ≤ n < 1, for the jitter of waits. */
  readonly random?: () => number;
  /** Told of every wait that is long enough to be noticed. */
  readonly onWait?: OnWait;
}

/** What the store is believed to do until it refuses; learned once an opening. */
export interface S3Abilities {
  conditionalWrites: boolean;
  batchRemoval: boolean;
}

/** A bucket, or what lies below a prefix in it. What it can be asked is in the modules of this room, by functions. */
export interface S3 {
  readonly location: S3Location;
  readonly abilities: S3Abilities;
  /** For the modules of this room alone. */
  readonly [wire]: Wire;
  /** The same store and keys, at another place. */
  at(place: Pick<S3Location, 'bucket' | 'prefix'>): S3;
  /** The same place, asked at a pace that follows what the store can bear. */
  paced(options: Omit<PaceOptions, 'clock' | 'random'>): S3;
  close(): void;
}

/** How requests leave. */
export interface Wire {
  readonly sdk: typeof Sdk;
  readonly client: Sdk.S3Client;
  readonly patience: Patience;
  readonly limits: S3Limits;
  readonly pace: Pace | undefined;
}

export const wire = Symbol('wire');

/**
 * Loads the SDK (100 ms, so only here) and makes a client. Nothing is sent and no secret resolved before the first
 * request. The SDK itself repeats nothing: `ask` does, in one way for all requests.
 */
export async function openS3(location: S3Location, secrets: Secrets, options: S3Options = {}): Promise<S3> {
  const sdk = await import('@aws-sdk/client-s3');
  const limits = { ...promptLimits, ...options.limits };
  const { clock = systemClock, random = Math.random, onWait } = options;
  const patience = { forMs: limits.patienceMs, clock, random, onWait };
  const client = createClient(sdk, location, secrets, limits);
  const abilities = { conditionalWrites: true, batchRemoval: true };
  return handle(location, abilities, { sdk, client, patience, limits, pace: undefined });
}

function handle(location: S3Location, abilities: S3Abilities, parts: Wire): S3 {
  const { clock, random } = parts.patience;
  return {
    location,
    abilities,
    [wire]: parts,
    at: ({ bucket, prefix }) => handle({ ...location, bucket, prefix }, abilities, parts),
    paced: (options) =>
      handle(location, abilities, { ...parts, pace: createPace({ clock, random, ...options }) }),
    close: () => {
      parts.client.destroy();
    },
  };
}

function createClient(
  sdk: typeof Sdk,
  location: S3Location,
  secrets: Secrets,
  limits: S3Limits,
): Sdk.S3Client {
  const { endpoint } = location;
  // AWS verifies the SDK's checksums. Other stores may refuse them or store their framing; they verify the signed
  // sha256 of each body as well (https://github.com/aws/aws-sdk-js-v3/issues/6810; Ceph 16, tried).
  const checksums = endpoint === undefined ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  const region = location.region ?? (endpoint === undefined ? undefined : 'us-east-1');
  return new sdk.S3Client({
    ...defined({ region, endpoint }),
    ...credentialsOf(location, secrets),
    forcePathStyle: location.forcePathStyle,
    requestChecksumCalculation: checksums,
    // Ranges carry no checksum; what is read back is compared with the manifest's sha256.
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: limits.connectionMs,
      socketTimeout: limits.idleMs,
      requestTimeout: limits.requestMs,
      throwOnRequestTimeout: true,
    },
  });
}

/** Without keys of its own a location takes what the SDK finds: environment, profile, instance role. */
function credentialsOf(location: S3Location, secrets: Secrets): object {
  const { accessKeyId, secretAccessKey } = location;
  if (accessKeyId === undefined || secretAccessKey === undefined) return {};
  const credentials = async (): Promise<{ accessKeyId: string; secretAccessKey: string }> => {
    const [id, secret] = await Promise.all([secrets.resolve(accessKeyId), secrets.resolve(secretAccessKey)]);
    return { accessKeyId: id.reveal(), secretAccessKey: secret.reveal() };
  };
  return { credentials };
}

/**
 * When the AWS credentials of a location that has no keys of its own come to an end. Only those from variables
 * (`AWS_SESSION_TOKEN`, `AWS_CREDENTIAL_EXPIRATION`) do: instance roles and their like are renewed by themselves, so that
 * their end means nothing. Undefined for these, and for keys without an end.
 * @throws Error of the SDK when there are no credentials at all
 */
export async function sessionCredentialsEnd(
  location: S3Location,
  secrets: Secrets,
): Promise<Date | undefined> {
  const s3 = await openS3(location, secrets);
  try {
    const credentials = await s3[wire].client.config.credentials();
    const isWritten = '$source' in credentials && isFromVariables(credentials.$source);
    return isWritten ? credentials.expiration : undefined;
  } finally {
    s3.close();
  }
}

/** As the SDK notes where it found them. */
function isFromVariables(source: unknown): boolean {
  return typeof source === 'object' && source !== null && 'CREDENTIALS_ENV_VARS' in source;
}

/** The object's name in the bucket. */
export function objectName(location: S3Location, key: string): string {
  return location.prefix === '' ? key : `${location.prefix}/${key}`;
}

/** The key of an object's name, or undefined for what is not below the prefix. */
export function keyOf(location: S3Location, name: string): string | undefined {
  if (location.prefix === '') return name;
  const start = `${location.prefix}/`;
  return name.startsWith(start) ? name.slice(start.length) : undefined;
}

/** For people. */
export function urlOf(location: S3Location, key = ''): string {
  return `s3://${location.bucket}/${objectName(location, key).replace(/\/$/, '')}`.replace(/\/$/, '');
}
