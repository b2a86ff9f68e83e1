import { bucketLooks, encryptionLooks } from './bucket-looks.ts';
import { capabilityLooks } from './capability-looks.ts';
import type { Finding } from '../check.ts';
import { hostLooks } from './host-looks.ts';
import { takeLooks } from './look.ts';
import type { Instruments, Patient } from './patient.ts';
import { postgresLooks } from './postgres-looks.ts';
import { secretLooks } from './secret-looks.ts';
import { storeLooks } from './store-looks.ts';

/**
 * Looks at everything that plans need here. Reads only, except where `fresh` was asked for; what does not answer is a
 * finding and hides nothing else. Stores are probed first, because what they lack is held against the YAML.
 */
export async function examine(
  patient: Patient,
  instruments: Instruments,
  cancel: AbortSignal,
): Promise<readonly Finding[]> {
  const capabilities = await takeLooks(capabilityLooks(patient, instruments), instruments.clock, cancel);
  const rest = await takeLooks(
    [
      ...hostLooks(patient, instruments),
      ...patient.environments.flatMap((examined) => {
        const subject = `environment ${examined.environment.name}`;
        return [
          ...secretLooks(subject, examined.environment, instruments),
          ...postgresLooks(subject, examined, instruments),
          ...storeLooks(subject, examined.environment, instruments),
          ...encryptionLooks(subject, examined, instruments),
        ];
      }),
      ...patient.steps.flatMap(({ plan, step, env }) =>
        secretLooks(`plan ${plan}`, { [step]: { env } }, instruments),
      ),
      ...patient.buckets.flatMap((bucket) => bucketLooks(bucket, instruments)),
    ],
    instruments.clock,
    cancel,
  );
  return [...rest, ...capabilities];
}
