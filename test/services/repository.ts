import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { RepositorySettings, S3Location } from '../../src/language/environment/environment.ts';
import { openRepository } from '../../src/store/open.ts';
import type { Repository } from '../../src/store/repository.ts';
import type { S3Options } from '../../src/s3/client.ts';
import type { Secret, SecretReference, Secrets } from '../../src/language/secret-reference.ts';
import { createBucket, emptyAndRemoveBucket, putObjects, type BucketOptions } from './bucket.ts';
import type { Services } from './services.ts';

/** A repository of one test's own. */
export interface TestRepository {
  readonly repository: Repository;
  readonly settings: RepositorySettings;
  /** Writes small objects straight into the store: much faster than `put`, for tests of many. */
  seed(keys: readonly string[]): Promise<void>;
  /** Closes it and removes its bucket or folder. */
  remove(): Promise<void>;
}

/** Resolves references of kind `env` from a record that the test gives, and nothing else. */
export function secretsFrom(values: Readonly<Record<string, string>>): Secrets {
  return {
    resolve: (reference) => {
      const value = reference.kind === 'env' ? values[reference.name] : undefined;
      if (value === undefined)
        return Promise.reject(new Error(`the test has no secret for ${reference.position}`));
      const secret: Secret = { reveal: () => value, toString: () => '***', toJSON: () => '***' };
      return Promise.resolve(secret);
    },
  };
}

/** The secrets that `s3Location` refers to. */
export function s3Secrets(services: Services): Secrets {
  return secretsFrom({ S3_ID: services.s3.accessKeyId, S3_SECRET: services.s3.secretAccessKey });
}

export function s3Location(services: Services, bucket: string, prefix = 'prod'): S3Location {
  const reference = (name: string): SecretReference => ({ kind: 'env', name, position: `test:${name}` });
  return {
    bucket,
    prefix,
    region: services.s3.region,
    endpoint: services.s3.endpoint,
    forcePathStyle: true,
    accessKeyId: reference('S3_ID'),
    secretAccessKey: reference('S3_SECRET'),
  };
}

/** A new bucket as a repository. */
export async function createS3Repository(
  services: Services,
  options: BucketOptions & S3Options & Partial<S3Location> = {},
): Promise<TestRepository> {
  const { versioning, objectLock, limits, ...location } = options;
  const bucket = await createBucket(services, {
    ...(versioning !== undefined && { versioning }),
    ...(objectLock !== undefined && { objectLock }),
  });
  const settings = { store: { kind: 's3', s3: { ...s3Location(services, bucket), ...location } } } as const;
  const repository = await openRepository(
    settings,
    s3Secrets(services),
    limits === undefined ? {} : { limits },
  );
  return {
    repository,
    settings,
    seed: (keys) => {
      const start = settings.store.s3.prefix === '' ? '' : `${settings.store.s3.prefix}/`;
      return putObjects(
        services,
        bucket,
        keys.map((key) => start + key),
      );
    },
    remove: async () => {
      await repository.close();
      await emptyAndRemoveBucket(services, bucket);
    },
  };
}

/** A new folder as a repository. */
export async function createFolderRepository(): Promise<TestRepository> {
  const parent = await mkdtemp(join(tmpdir(), 'run-plan-test-'));
  const folder = join(parent, 'backups');
  const settings: RepositorySettings = { store: { kind: 'folder', folder } };
  const repository = await openRepository(settings, secretsFrom({}));
  return {
    repository,
    settings,
    seed: async (keys) => {
      for (const key of keys) {
        await mkdir(join(folder, dirname(key)), { recursive: true });
        await writeFile(join(folder, key), 'seed');
      }
    },
    remove: async () => {
      await repository.close();
      await chmod(parent, 0o700);
      await rm(parent, { recursive: true, force: true });
    },
  };
}
