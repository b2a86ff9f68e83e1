import type { ExportedPlan, Obstacle } from './exported-plan.ts';
import { storesUsed } from './stores-used.ts';

/** What no runner that comes and goes can do for a plan: keep a folder, or ask a person on time. */
export function runnerObstacles(exported: ExportedPlan, runner: string): readonly Obstacle[] {
  const { plan, confirms } = exported;
  const { folders, needsKeys, needsRole } = storesUsed(exported);
  return [
    ...folders.map((folder) => ({
      plan,
      folder,
      message: `the folder ${folder} lies on one host, and ${runner} is gone after the run with all that it holds`,
      hint: 'keep artifacts and uploads in a bucket (s3:), or let the host itself run this plan: run-plan apply',
    })),
    ...(confirms !== undefined && plan.schedule.length > 0
      ? [
          {
            plan,
            message: `it writes to the protected environment '${confirms}', and nobody is there on time to type that name`,
            hint: 'take its schedule away; a person then starts it and types the name',
          },
        ]
      : []),
    ...(needsKeys && needsRole
      ? [
          {
            plan,
            message:
              'it uses both Amazon S3 and another store without keys of their own, and a run has only one identity',
            hint: 'give the other store access-key-id: and secret-access-key: in plans/environments.yaml',
          },
        ]
      : []),
  ];
}
