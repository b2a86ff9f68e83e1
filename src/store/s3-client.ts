import type * as S3Sdk from '@aws-sdk/client-s3';
import type { S3Location } from '../language/environment/environment.ts';
import type { Secrets } from '../language/secret-reference.ts';

/** How long a store may take, in milliseconds, and how often it is asked. */
export interface S3Limits {
  /** For a connection to be made, TLS included. */
  readonly connectionMs: number;
  /** Without a byte in either direction. */
  readonly idleMs: number;
  /** For one request, its body sent and its answer begun: a part over a slow line takes minutes. */
  readonly requestMs: number;
  /** Tries of one request, and of a broken download without progress. */
  readonly attempts: number;
}

export const usualLimits: S3Limits = {
  connectionMs: 10_000,
  idleMs: 60_000,
  requestMs: 15 * 60_000,
  attempts: 6,
};

/** A store as the modules of this room use it: the client, the SDK's commands, and where in the bucket to work. */
export interface S3Store {
  readonly sdk: typeof S3Sdk;
  readonly client: S3Sdk.S3Client;
  readonly location: S3Location;
  readonly limits: S3Limits;
  readonly abilities: S3Abilities;
}

/** What the store is believed to do until it refuses; learned once an opening. */
export interface S3Abilities {
  conditionalWrites: boolean;
  batchRemoval: boolean;
}

/**
 * Loads the SDK (100 ms, so only here) and makes a client. Nothing is sent and no secret resolved before the first
 * request. Retries are the SDK's standard ones: 5xx, throttling and lost connections, with exponential backoff and
 * jitter.
 */
export async function openStore(location: S3Location, secrets: Secrets, limits: S3Limits): Promise<S3Store> {
  const sdk = await import('@aws-sdk/client-s3');
  // AWS verifies the SDK's checksums. Other stores may refuse them or store their framing; they verify the signed
  // sha256 of each body as well.
  const checksums = location.endpoint === undefined ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  const region = location.region ?? (location.endpoint === undefined ? undefined : 'us-east-1');
  const client = new sdk.S3Client({
    ...(region !== undefined && { region }),
    ...(location.endpoint !== undefined && { endpoint: location.endpoint }),
    ...credentialsOf(location, secrets),
    forcePathStyle: location.forcePathStyle,
    requestChecksumCalculation: checksums,
    // Ranges carry no checksum; what is read back is compared with the manifest's sha256.
    responseChecksumValidation: 'WHEN_REQUIRED',
    retryMode: 'standard',
    maxAttempts: limits.attempts,
    requestHandler: {
      connectionTimeout: limits.connectionMs,
      socketTimeout: limits.idleMs,
      requestTimeout: limits.requestMs,
      throwOnRequestTimeout: true,
    },
  });
  return { sdk, client, location, limits, abilities: { conditionalWrites: true, batchRemoval: true } };
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
