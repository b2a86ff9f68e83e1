/**
 * The services that tests need, one interface for both ways to have them: containers where Docker runs
 * (testcontainers), otherwise this host's own Postgres and Ceph's gateway started natively. `test/services/global-setup.ts`
 * decides once, says which, starts them and provides these plain values; a test takes them with `inject('services')`.
 */
export interface Services {
  readonly kind: 'containers' | 'native';
  readonly postgres: PostgresService;
  readonly s3: S3Service;
}

export interface PostgresService {
  /** 127.0.0.1 and a port; a superuser with a password (scram), so that wrong passwords are refused. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly major: number;
}

export interface S3Service {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** A key that `aws:kms` encryption can name. */
  readonly kmsKey: string;
  /** `ceph` where quirks of Ceph 16 matter to a test (facts: no default encryption, no conditional multipart). */
  readonly flavour: 'ceph' | 'minio' | 'other';
}

declare module 'vitest' {
  export interface ProvidedContext {
    services: Services;
  }
}
