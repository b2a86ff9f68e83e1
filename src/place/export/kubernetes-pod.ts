import { defined } from '../../base/defined.ts';
import { posix } from 'node:path';
import type { CronLine } from '../../language/schedule/cron-lines.ts';
import { closestRunsMs } from '../../language/schedule/jitter.ts';
import { secretVariables } from './ci-secrets.ts';
import type { ExportedPlan } from './exported-plan.ts';
import { needsServer } from './host-needs.ts';
import { keyOf, names } from './kubernetes-names.ts';
import type { KubernetesSettings } from './kubernetes.ts';
import { firingText } from './schedule-lines.ts';
import { secretsUsed } from './secrets-used.ts';
import { storesUsed } from './stores-used.ts';
import { schedulerLimits, seconds } from './time-limits.ts';
import { variablesUsed } from './variables-used.ts';
import type { YamlComment } from './yaml-text.ts';

export interface PodSettings extends KubernetesSettings {
  /** Of the CronJob. */
  readonly name: string;
}

const workingFolder = '/etc/run-plan';
const stateFolder = '/var/lib/run-plan';
const credentialFolder = '/run/run-plan/credentials';
/** The user of the Containerfile. */
const userId = 1001;
/** How late a run may start, milliseconds: after that the next one is nearer. */
const latestStartMs = 3_600_000;
const groupReads = 0o440;

/** Something that a pod's containers mount, as Kubernetes has it. */
interface Volume {
  readonly name: string;
  readonly [source: string]: unknown;
}

/** A pod's settings. */
interface Pod {
  readonly volumes: readonly Volume[];
  readonly [setting: string]: unknown;
}

/** The CronJob of one line of a schedule; without a line it waits to be started by hand. */
export function cronPod(
  exported: ExportedPlan,
  line: CronLine | undefined,
  settings: PodSettings,
): { readonly value: object; readonly comments: readonly YamlComment[] } {
  const { plan } = exported;
  const { wholeMs, stopMs } = schedulerLimits(plan);
  const { name, namespace } = settings;
  const spec = podSpec(exported, line, stopMs, settings);
  const credentials = spec.volumes.findIndex((volume) => volume.name === 'credentials');
  const labels = { 'app.kubernetes.io/name': 'run-plan', 'run-plan/plan': plan.name };
  const pod = ['spec', 'jobTemplate', 'spec', 'template', 'spec'] as const;
  return {
    value: {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name, ...defined({ namespace }), labels },
      spec: {
        ...(line === undefined
          ? { suspend: true, schedule: '0 0 1 1 *' }
          : { schedule: line.fields, timeZone: line.zone }),
        concurrencyPolicy: 'Forbid',
        startingDeadlineSeconds: seconds(Math.min(latestStartMs, closestRunsMs(plan.schedule) / 2)),
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 7,
        jobTemplate: {
          spec: {
            backoffLimit: 0,
            activeDeadlineSeconds: seconds(wholeMs),
            template: { metadata: { labels }, spec },
          },
        },
      },
    },
    comments: [
      ...(credentials < 0
        ? []
        : [
            {
              path: [...pod, 'volumes', credentials, 'secret', 'defaultMode'],
              text: '0440: read by the group of the pod (fsGroup) alone.',
            },
          ]),
      {
        path: ['spec', 'jobTemplate', 'spec', 'activeDeadlineSeconds'],
        text: "The plan's own deadline comes first; this is the second net.",
      },
      {
        path: [...pod, 'terminationGracePeriodSeconds'],
        text: 'To cancel, to run the cleanup steps, to store the record.',
      },
      {
        path: [...pod, 'containers', 0, 'resources'],
        text: needsServer(exported)
          ? 'The throw-away cluster of a restore wants as much room in the volume state as the database has.'
          : 'Dumps are streamed: neither memory nor disk grows with the database.',
      },
    ],
  };
}

function podSpec(
  exported: ExportedPlan,
  line: CronLine | undefined,
  stopMs: number,
  settings: PodSettings,
): Pod {
  const { files, claim } = settings;
  const { credentials } = secretsUsed(exported);
  const folders = storesUsed(exported).folders.map((folder) => posix.resolve(workingFolder, folder));
  const state = claim === undefined ? { emptyDir: {} } : { persistentVolumeClaim: { claimName: claim } };
  return {
    restartPolicy: 'Never',
    serviceAccountName: names.account,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: seconds(stopMs),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: userId,
      runAsGroup: userId,
      fsGroup: userId,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'run-plan',
        image: settings.image,
        imagePullPolicy: 'IfNotPresent',
        args: ['run', exported.plan.name, ...(line?.isWider === true ? ['--if-due', firingText(line)] : [])],
        workingDir: workingFolder,
        env: environment(exported),
        resources: { requests: { cpu: '500m', memory: '256Mi' }, limits: { memory: '1Gi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [
          { name: 'files', mountPath: workingFolder, readOnly: true },
          { name: 'state', mountPath: stateFolder, ...(claim !== undefined && { subPath: 'state' }) },
          { name: 'tmp', mountPath: '/tmp' },
          ...(credentials.length > 0
            ? [{ name: 'credentials', mountPath: credentialFolder, readOnly: true }]
            : []),
          ...(claim === undefined
            ? []
            : folders.map((folder) => ({ name: 'state', mountPath: folder, subPath: subPathOf(folder) }))),
        ],
      },
    ],
    volumes: [
      {
        name: 'files',
        configMap: { name: names.files, items: files.map(({ path }) => ({ key: keyOf(path), path })) },
      },
      { name: 'state', ...state },
      { name: 'tmp', emptyDir: {} },
      ...(credentials.length > 0
        ? [
            {
              name: 'credentials',
              secret: {
                secretName: names.credentials,
                defaultMode: groupReads,
                items: credentials.map((key) => ({ key, path: key })),
              },
            },
          ]
        : []),
    ],
  };
}

function environment(exported: ExportedPlan): readonly object[] {
  const { credentials } = secretsUsed(exported);
  return [
    // A mounted ConfigMap may be written by everybody, by its mode alone.
    { name: 'RUN_PLAN_CONFIG', value: `${workingFolder}/run-plan.yaml` },
    { name: 'STATE_DIRECTORY', value: stateFolder },
    { name: 'CACHE_DIRECTORY', value: '/tmp/run-plan' },
    ...(credentials.length > 0 ? [{ name: 'CREDENTIALS_DIRECTORY', value: credentialFolder }] : []),
    ...variablesUsed(exported).map(({ name, isRequired }) => ({
      name,
      valueFrom: {
        configMapKeyRef: { name: names.variables, key: name, ...(!isRequired && { optional: true }) },
      },
    })),
    ...secretVariables(exported).map((name) => ({
      name,
      valueFrom: { secretKeyRef: { name: names.secrets, key: name } },
    })),
  ];
}

/** A folder of the claim for a repository's folder. */
function subPathOf(folder: string): string {
  return `folders${folder}`;
}
