import type { ExportedPlan } from './exported-plan.ts';
import { secretsUsed } from './secrets-used.ts';

/**
 * What a plan takes from the host that runs it and that no scheduler's file can bring: for the file's head, a line each.
 */
export function hostNeeds(exported: ExportedPlan): readonly string[] {
  const { plan, environments } = exported;
  const { files, commands } = secretsUsed(exported);
  const certificates = environments.flatMap(({ postgres }) => postgres?.sslrootcert ?? []);
  return [
    ...files.map((path) => `the file ${path} (a secret): lay it there, or refer to it by env or credential`),
    ...commands.map(
      (command) => `the command '${command}' (a secret): have it there, or refer to it by env or credential`,
    ),
    ...[...new Set(certificates)].map((path) => `the certificate ${String(path)}`),
    ...plan.steps.flatMap(({ id, action }) =>
      action.kind === 'run'
        ? [`what the step '${id}' runs${action.cwd === undefined ? '' : `, and the folder ${action.cwd}`}`]
        : [],
    ),
  ];
}

/** Whether a step restores into a throw-away cluster of the host's own Postgres. */
export function needsServer({ environments }: ExportedPlan): boolean {
  return environments.some(({ ephemeral }) => ephemeral !== undefined);
}

/** What a plan wants of the container image that it runs in, for the file's head. */
export function imageRemarks(exported: ExportedPlan): readonly string[] {
  return [
    'The image is made from the Containerfile of run-plan.',
    ...(needsServer(exported)
      ? [
          'A step restores into a throw-away cluster: build the image with the server too, --build-arg SERVERS=17.',
        ]
      : []),
  ];
}
