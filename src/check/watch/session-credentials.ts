import type { S3Location } from '../../language/environment/environment.ts';
import { openStore, usualLimits } from '../../store/s3-client.ts';
import type { Secrets } from '../../language/secret-reference.ts';

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
  const { client } = await openStore(location, secrets, usualLimits);
  try {
    const credentials = await client.config.credentials();
    const isWritten = '$source' in credentials && isFromVariables(credentials.$source);
    return isWritten ? credentials.expiration : undefined;
  } finally {
    client.destroy();
  }
}

/** As the SDK notes where it found them. */
function isFromVariables(source: unknown): boolean {
  return typeof source === 'object' && source !== null && 'CREDENTIALS_ENV_VARS' in source;
}
