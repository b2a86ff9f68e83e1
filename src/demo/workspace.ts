import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '../postgres/cluster.ts';
import { sampleDatabase } from './sample-database.ts';

export const demoPlan = 'nightly-demo';

/** Where things lie in a demo's folder; everything that the demo makes is in it. */
export interface Workspace {
  readonly folder: string;
  readonly planFile: string;
  readonly repositoryFolder: string;
}

/** Writes the settings, the environment and the plan of the demo, as an operator would have them in git. */
export async function writeWorkspace(folder: string, cluster: Cluster): Promise<Workspace> {
  const plans = join(folder, 'plans');
  const repositoryFolder = join(folder, 'repository');
  await mkdir(plans);
  await mkdir(repositoryFolder);
  await writeFile(join(folder, 'run-plan.yaml'), 'plans: plans\nstate: state\n');
  await writeFile(join(plans, 'environments.yaml'), environments(cluster, repositoryFolder));
  const planFile = join(plans, `${demoPlan}.yaml`);
  await writeFile(planFile, plan);
  return { folder, planFile, repositoryFolder };
}

function environments(cluster: Cluster, repositoryFolder: string): string {
  return `environments:
  demo:
    postgres:
      host: ${cluster.socketFolder}
      port: ${cluster.port}
      database: ${sampleDatabase}
      user: ${cluster.user}
    repository:
      folder: ${repositoryFolder}
    alerts:
      - command: { run: 'cat >> alerts.ndjson' }
`;
}

const plan = `description: Nightly logical backup of the demo's database
environment: demo
schedule:
  - calendar: "*-*-* 02:00:00 UTC"
objectives: { rpo: 24h }
retention: { keep-within: 14d, keep-weekly: 4, keep-at-least: 3 }
timeout: 2h
steps:
  - task: postgres-dump
    with: { compress: zstd }
  - task: artifact-verify
  - task: artifact-prune
`;
