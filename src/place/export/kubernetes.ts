import { mountedFiles, type MountedFile } from './mounted-files.ts';
import { defined } from '../../base/defined.ts';
import type { CronLine } from '../../language/schedule/cron-lines.ts';
import { secretVariables } from './ci-secrets.ts';
import {
  generatedMark,
  type Export,
  type ExportedPlan,
  type ExportSettings,
  type Obstacle,
} from './exported-plan.ts';
import { hostNeeds, imageRemarks } from './host-needs.ts';
import { keyOf, names } from './kubernetes-names.ts';
import { cronPod } from './kubernetes-pod.ts';
import { runnerObstacles } from './runner-obstacles.ts';
import { firingText, lineRemarks, scheduleLines } from './schedule-lines.ts';
import type { Exporter } from './schedulers.ts';
import { secretsUsed } from './secrets-used.ts';
import { storesUsed } from './stores-used.ts';
import { variablesUsed } from './variables-used.ts';
import { renderYaml, type YamlComment } from './yaml-text.ts';

export interface KubernetesSettings extends ExportSettings {
  readonly image: string;
  readonly namespace?: string;
  /** PersistentVolumeClaim for records and for repositories in folders; absent: what a run leaves is in its bucket. */
  readonly claim?: string;
  readonly files: readonly MountedFile[];
}

const kubernetes = { name: 'Kubernetes', closestMs: 60_000 };
/** Kubernetes makes a Job's name of a CronJob's by eleven characters more, and a Job's has 63 at most. */
const longestName = 52;
/** The apiserver refuses a ConfigMap with more. */
const largestFiles = 1_048_576;

export const exporter: Exporter = async ({ host, plans, exported, settings, options }) =>
  exportKubernetes(exported, {
    ...settings,
    image: options.image ?? `run-plan:${host.version}`,
    ...defined({ namespace: options.namespace, claim: options.claim }),
    files: await mountedFiles(plans, exported),
  });

/** One manifest of all plans: a CronJob for each line of a schedule, and what they share. Secrets are named, not made. Pure. */
export function exportKubernetes(plans: readonly ExportedPlan[], settings: KubernetesSettings): Export {
  const read = plans.map((exported) => ({ exported, ...scheduleLines(exported, kubernetes) }));
  const pods = read.flatMap(({ exported, lines }) => {
    if (lines.length === 0) return [scheduled(exported, undefined, exported.plan.name, settings)];
    return lines.map((line, index) =>
      scheduled(
        exported,
        line,
        index === 0 ? exported.plan.name : `${exported.plan.name}-${index + 1}`,
        settings,
      ),
    );
  });
  const documents = [...shared(plans, settings), ...pods];
  return {
    files: [{ path: 'run-plan.yaml', text: documents.join('---\n') }],
    obstacles: [
      ...read.flatMap(({ obstacles }) => obstacles),
      ...plans.flatMap((exported) => podObstacles(exported, settings)),
      ...tooLarge(plans, settings),
    ],
  };
}

function scheduled(
  exported: ExportedPlan,
  line: CronLine | undefined,
  name: string,
  settings: KubernetesSettings,
): string {
  const { value, comments } = cronPod(exported, line, { ...settings, name });
  const remarks = line === undefined ? [] : lineRemarks(line, settings.now);
  const schedule: readonly YamlComment[] = [
    ...remarks.map((text) => ({ path: ['spec', 'schedule'], text })),
    ...(line === undefined
      ? [
          {
            path: ['spec', 'schedule'],
            text: `The plan has no schedule: start it with kubectl create job --from=cronjob/${name} ${name}-by-hand`,
          },
        ]
      : [{ path: ['spec', 'schedule'], text: `As cron: ${firingText(line)}` }]),
  ];
  return renderYaml(value, [], [...schedule, ...comments]);
}

/** Namespace, account and files; the first bears the head of the whole. */
function shared(plans: readonly ExportedPlan[], settings: KubernetesSettings): readonly string[] {
  const { namespace, awsRole, files } = settings;
  const metadata = (name: string): object => ({ name, ...defined({ namespace }) });
  const needsRole = plans.some((exported) => storesUsed(exported).needsRole);
  const documents: readonly object[] = [
    ...(namespace === undefined
      ? []
      : [
          {
            apiVersion: 'v1',
            kind: 'Namespace',
            metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
          },
        ]),
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: {
        ...metadata(names.account),
        ...(awsRole !== undefined && needsRole && { annotations: { 'eks.amazonaws.com/role-arn': awsRole } }),
      },
      automountServiceAccountToken: false,
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadata(names.files),
      data: Object.fromEntries(files.map(({ path, text }) => [keyOf(path), text])),
    },
  ];
  return documents.map((document, index) => renderYaml(document, index === 0 ? head(plans, settings) : []));
}

function head(plans: readonly ExportedPlan[], settings: KubernetesSettings): readonly string[] {
  const secrets = union(plans, secretVariables);
  const credentials = union(plans, (exported) => secretsUsed(exported).credentials);
  const variables = union(plans, (exported) =>
    variablesUsed(exported).map(({ name, isRequired }) => (isRequired ? name : `${name} (optional)`)),
  );
  const inNamespace = settings.namespace === undefined ? '' : ` -n ${settings.namespace}`;
  const needsRole = plans.some((exported) => storesUsed(exported).needsRole);
  return [
    `${generatedMark.slice(2)} kubernetes ${settings.version}; export it again after a change of a plan.`,
    `Apply it with: kubectl apply -f run-plan.yaml`,
    ...new Set(plans.flatMap(imageRemarks)),
    'Push the image to a registry that the cluster reads, and name it with --image.',
    'A failed run is a failed Job: let alerts of the plan, or an alert on kube_job_status_failed, tell somebody.',
    ...(secrets.length === 0
      ? []
      : [
          `Make once: kubectl create secret generic${inNamespace} ${names.secrets}, with the keys ${secrets.join(' ')}`,
        ]),
    ...(credentials.length === 0
      ? []
      : [
          `Make once: kubectl create secret generic${inNamespace} ${names.credentials}, with the keys ${credentials.join(' ')}`,
        ]),
    ...(variables.length === 0
      ? []
      : [
          `Make once: kubectl create configmap${inNamespace} ${names.variables}, with the keys ${variables.join(' ')}`,
        ]),
    ...(needsRole && settings.awsRole === undefined
      ? [
          'Amazon S3 is used without keys: give the service account run-plan a role (--aws-role ARN, or EKS Pod Identity).',
        ]
      : []),
    ...(settings.claim === undefined
      ? ['Records on disk go with the pod; those in the repository stay.']
      : [`Make once: the PersistentVolumeClaim ${settings.claim}.`]),
    ...[...new Set(plans.flatMap(hostNeeds))].map((need) => `The image needs ${need}`),
  ];
}

function union(
  plans: readonly ExportedPlan[],
  of: (exported: ExportedPlan) => readonly string[],
): readonly string[] {
  return [...new Set(plans.flatMap(of))].sort();
}

function podObstacles(exported: ExportedPlan, { claim, files }: KubernetesSettings): readonly Obstacle[] {
  const { plan, confirms } = exported;
  // A claim keeps folders.
  const found = runnerObstacles(exported, 'a pod').filter(
    ({ folder }) => claim === undefined || folder === undefined,
  );
  return [
    ...found.map((each) =>
      each.folder !== undefined
        ? { ...each, hint: `${each.hint}, or name a PersistentVolumeClaim (--claim)` }
        : each,
    ),
    ...(confirms !== undefined && plan.schedule.length === 0
      ? [
          {
            plan,
            message: `it writes to the protected environment '${confirms}', and nobody can type that name in a pod`,
            hint: 'run it by hand where there is a terminal, or with --yes',
          },
        ]
      : []),
    ...(plan.name.length > longestName - 3
      ? [
          {
            plan,
            message: `its name has more than ${String(longestName - 3)} characters`,
            hint: 'give it a shorter name',
          },
        ]
      : []),
    ...(files.length === 0 ? [{ plan, message: 'no file of it was read', hint: 'run-plan validate' }] : []),
  ];
}

function tooLarge(plans: readonly ExportedPlan[], { files }: KubernetesSettings): readonly Obstacle[] {
  const bytes = files.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  const [first] = plans;
  if (first === undefined || bytes <= largestFiles) return [];
  return [
    {
      plan: first.plan,
      message: `plans and tasks have ${String(bytes)} bytes, and a ConfigMap holds ${String(largestFiles)}`,
      hint: 'put the tasks into an image of your own made FROM run-plan, and export with --image',
    },
  ];
}
