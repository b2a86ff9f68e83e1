import type { Bucket, LifecycleRule } from '../../../src/language/environment/bucket.ts';
import type { S3Location } from '../../../src/language/environment/environment.ts';
import type { Secrets } from '../../../src/language/secret-reference.ts';
import type { Services } from '../../services/services.ts';

export const dayMs = 86_400_000;

/** The access keys of the test services: a reference to a file means the secret one. */
export function s3Secrets(services: Services): Secrets {
  return {
    resolve: (reference) => {
      const { accessKeyId, secretAccessKey } = services.s3;
      const text = reference.kind === 'file' ? secretAccessKey : accessKeyId;
      return Promise.resolve({
        reveal: () => text,
        toString: () => '***' as const,
        toJSON: () => '***' as const,
      });
    },
  };
}

/** A bucket of the test services, as the code that is tested reaches it. */
export function locationOf(services: Services, bucket: string, endpoint = services.s3.endpoint): S3Location {
  return {
    bucket,
    prefix: '',
    endpoint,
    region: services.s3.region,
    forcePathStyle: true,
    accessKeyId: { kind: 'env', name: 'ID', position: 'test:1:1' },
    secretAccessKey: { kind: 'file', path: 'key', position: 'test:1:1' },
  };
}

/** A bucket that wishes nothing but `changes`. */
export function wished(connection: S3Location, changes: Partial<Bucket>): Bucket {
  return {
    name: connection.bucket,
    connection,
    usedBy: [],
    create: false,
    tags: {},
    lifecycle: [],
    ...changes,
  };
}

/** A rule that does nothing but `changes`. */
export function rule(id: string, changes: Partial<LifecycleRule>): LifecycleRule {
  return { id, prefix: '', tags: {}, transitions: [], expireDeleteMarkers: false, ...changes };
}
