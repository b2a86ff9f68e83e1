import type { DeclaredEnvironment, Environment } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import { resolveEnvironment } from '../language/plan/workspace.ts';
import { didYouMean } from '../language/yaml/did-you-mean.ts';
import type { Plans } from '../task/plans.ts';

/** Environments that artifacts can come from: those with a repository. */
export function sourcesOf(plans: Plans): readonly DeclaredEnvironment[] {
  return [...plans.workspace.environments.values()].filter(({ repository }) => repository !== undefined);
}

/** Environments that can be restored into: those with a server, or with a throw-away one. */
export function targetsOf(plans: Plans): readonly DeclaredEnvironment[] {
  return [...plans.workspace.environments.values()].filter(
    ({ postgres, ephemeral }) => postgres !== undefined || ephemeral !== undefined,
  );
}

/** The named source, complete. @throws Failure `environment-incomplete`, `variable-missing` */
export function findSource(plans: Plans, name: string): Environment {
  const environment = findEnvironment(plans, name, sourcesOf(plans));
  if (environment.repository !== undefined) return environment;
  throw new Failure('environment-incomplete', `environment '${name}' has no repository to restore from`, {
    hint: `those with one are: ${namesOf(sourcesOf(plans))}`,
  });
}

/** The named target, complete. @throws Failure `environment-incomplete`, `variable-missing` */
export function findTarget(plans: Plans, name: string): Environment {
  const environment = findEnvironment(plans, name, targetsOf(plans));
  if (environment.postgres !== undefined || environment.ephemeral === true) return environment;
  throw new Failure('environment-incomplete', `environment '${name}' has no postgres to restore into`, {
    hint: `those with one are: ${namesOf(targetsOf(plans))}`,
  });
}

export function namesOf(environments: readonly DeclaredEnvironment[]): string {
  return environments.length === 0 ? 'none' : environments.map(({ name }) => name).join(', ');
}

function findEnvironment(plans: Plans, name: string, meant: readonly DeclaredEnvironment[]): Environment {
  if (plans.workspace.environments.has(name)) return resolveEnvironment(plans.workspace, name);
  const suggestion = didYouMean(name, plans.workspace.environments.keys());
  throw new Failure('environment-incomplete', `there is no environment '${name}'${suggestion}`, {
    hint: `possible here: ${namesOf(meant)}`,
  });
}
