import { readFile } from 'node:fs/promises';
import type { Environment, PostgresEndpoint, S3Location } from '../../language/environment/environment.ts';
import { applicationName } from '../../postgres/application-name.ts';
import { connect } from '../../postgres/connect.ts';
import { readRoleEnd } from '../../postgres/role-end.ts';
import type { Secrets } from '../../language/secret-reference.ts';
import type { Expiry } from './expiry.ts';
import { servedCertificateEnd, type ServedPlace } from './served-certificate.ts';
import { sessionCredentialsEnd } from '../../s3/client.ts';
import { pemEnd } from './written-expiry.ts';

/** Something whose end is to be asked. */
export interface ExpiryQuestion {
  readonly name: string;
  /** @throws whatever kept it from being known */
  ask(signal: AbortSignal): Promise<Pick<Expiry, 'endsAt' | 'remark'>>;
}

/** What is asked with. */
export interface ExpiryMeans {
  readonly secrets: Secrets;
  readonly runId: string;
}

/** Everything of an environment that comes to an end and tells when. Pure: nothing is asked yet. */
export function environmentQuestions(
  { postgres, repository, uploads }: Environment,
  means: ExpiryMeans,
): readonly ExpiryQuestion[] {
  const stores = [repository?.store, uploads?.store].flatMap((store) =>
    store?.kind === 's3' ? [store.s3] : [],
  );
  const questions = [
    ...(postgres === undefined ? [] : postgresQuestions(postgres, means)),
    ...stores.flatMap((location) => storeQuestions(location, means)),
  ];
  // Repository and uploads mostly lie in one store.
  return [...new Map(questions.map((question) => [question.name, question])).values()];
}

function postgresQuestions(
  endpoint: PostgresEndpoint,
  { secrets, runId }: ExpiryMeans,
): readonly ExpiryQuestion[] {
  const { host, port, user, sslmode, sslrootcert } = endpoint;
  const isEncrypted = !host.startsWith('/') && sslmode !== 'disable';
  return [
    ...(isEncrypted ? [servedQuestion({ host, port, protocol: 'postgres' })] : []),
    ...(sslrootcert === undefined ? [] : [fileQuestion(sslrootcert, 'authorities')]),
    {
      name: `password of ${user} at ${host}:${port}`,
      ask: async (signal) => {
        await using session = await connect(endpoint, {
          secrets,
          applicationName: applicationName(runId),
          signal,
        });
        return { endsAt: await readRoleEnd(session) };
      },
    },
  ];
}

function storeQuestions(location: S3Location, { secrets }: ExpiryMeans): readonly ExpiryQuestion[] {
  const { endpoint, accessKeyId } = location;
  return [
    ...(endpoint?.startsWith('https://') === true ? [urlQuestion(endpoint)] : []),
    ...(accessKeyId === undefined
      ? [
          {
            name: 'AWS credentials of this host',
            ask: async () => ({ endsAt: (await sessionCredentialsEnd(location, secrets)) ?? null }),
          },
        ]
      : []),
  ];
}

/** The certificate of whoever answers at an https address. */
export function urlQuestion(url: string): ExpiryQuestion {
  const { hostname, port } = new URL(url);
  // An IPv6 address stands in brackets there.
  const host = hostname.replace(/^\[(?<address>.*)\]$/, '$<address>');
  return servedQuestion({ host, port: port === '' ? 443 : Number(port), protocol: 'tls' });
}

/** A PEM file. */
export function fileQuestion(path: string, of: 'certificate' | 'authorities'): ExpiryQuestion {
  return {
    name: `${of === 'certificate' ? 'certificate' : 'trusted certificates'} in ${path}`,
    ask: async (signal) => {
      const endsAt = pemEnd(await readFile(path, { encoding: 'utf8', signal }), of);
      if (endsAt === undefined) throw new Error('there is no certificate in the file');
      return { endsAt };
    },
  };
}

function servedQuestion(place: ServedPlace): ExpiryQuestion {
  return {
    name: `certificate of ${place.host}:${place.port}`,
    ask: async (signal) => {
      const endsAt = await servedCertificateEnd(place, signal);
      return endsAt === undefined ? { endsAt: null, remark: 'no TLS is spoken there' } : { endsAt };
    },
  };
}
