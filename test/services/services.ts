/** A container (testcontainers), or a program of this host's own. */
export type Way = 'containers' | 'native';

/**
 * The services that tests need, one interface for both ways to have each of them. `test/services/global-setup.ts` decides
 * once, says which and why, starts them and provides these plain values; a test takes them with `inject('services')`.
 */
export interface Services {
  readonly postgres: PostgresService;
  readonly s3: S3Service;
}

export interface PostgresService {
  readonly way: Way;
  /** Of a container, for another one like it. */
  readonly image?: string;
  /** 127.0.0.1 and a port; a superuser with a password (scram), so that wrong passwords are refused. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly major: number;
}

export interface S3Service {
  readonly way: Way;
  /** Of containers: Ceph's gateway, which tests start by themselves where they want one to their measure. */
  readonly gatewayImage?: string;
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
