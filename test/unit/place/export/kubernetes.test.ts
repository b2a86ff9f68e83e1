import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Namespace } from 'kubernetes-models/v1/Namespace';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { CronJob } from 'kubernetes-models/batch/v1/CronJob';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { ExportedPlan } from '../../../../src/place/export/exported-plan.ts';
import { exportKubernetes, type KubernetesSettings } from '../../../../src/place/export/kubernetes.ts';
import { amazon, exportedOf, inFolder, settings, shapes } from './exported.ts';

const models = { ConfigMap, Namespace, ServiceAccount, CronJob };

interface Manifest {
  readonly kind: keyof typeof models;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly annotations?: object };
  readonly data?: object;
  readonly spec?: object;
}

const files = [
  { path: 'run-plan.yaml', text: 'plans: plans\n' },
  { path: 'plans/nightly.yaml', text: 'environment: prod\n' },
  { path: 'tasks/rows-count.ts', text: 'export default {};\n' },
];

function manifestsOf(
  plans: readonly ExportedPlan[],
  more: Partial<KubernetesSettings> = {},
): readonly Manifest[] {
  const exported = exportKubernetes(plans, { ...settings, image: 'run-plan:0.1.0', files, ...more });
  expect(exported.obstacles).toEqual([]);
  // Read as YAML 1.1, which is what kubectl does.
  return parseAllDocuments(exported.files[0]?.text ?? '', { version: '1.1' }).map(
    (document) => document.toJS() as Manifest,
  );
}

function pods(manifests: readonly Manifest[]): readonly Manifest[] {
  return manifests.filter(({ kind }) => kind === 'CronJob');
}

describe('a manifest', () => {
  it.each(shapes)("of %s holds by Kubernetes' own schema", (_, exported) => {
    const manifests = manifestsOf([exported], { namespace: 'backups' });
    expect(manifests.map(({ kind }) => kind)).toEqual([
      ...['Namespace', 'ServiceAccount', 'ConfigMap'],
      ...pods(manifests).map(({ kind }) => kind),
    ]);
    for (const manifest of manifests) {
      const model = models[manifest.kind];
      expect(() => {
        new model(manifest as never).validate();
      }).not.toThrow();
      if (manifest.kind !== 'Namespace') expect(manifest.metadata.namespace).toBe('backups');
    }
  });

  it('is held against a schema that says no', () => {
    const [, , manifest] = manifestsOf([exportedOf()]);
    const wrong = { ...manifest, spec: { schedule: 5 } };
    expect(() => {
      new CronJob(wrong as never).validate();
    }).toThrow();
  });

  it('runs a plan once at a time, within limits, and never again by itself', () => {
    const [first, second] = pods(
      manifestsOf([exportedOf({ timeoutMs: 7_200_000, timeZone: 'Europe/Berlin' })]),
    );
    expect(first?.spec).toMatchObject({
      schedule: '0 */6 * 1,11,12 *',
      timeZone: 'Europe/Berlin',
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: 3600,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 7,
      jobTemplate: {
        spec: {
          backoffLimit: 0,
          activeDeadlineSeconds: 7200 + 240 + 600,
          template: {
            spec: {
              restartPolicy: 'Never',
              terminationGracePeriodSeconds: 240,
              containers: [{ args: ['run', 'nightly', '--if-due', '0 */6 * 1,11,12 * Europe/Berlin'] }],
            },
          },
        },
      },
    });
    expect(second).toMatchObject({
      metadata: { name: 'nightly-2' },
      spec: {
        schedule: '0 2 * * *',
        jobTemplate: { spec: { template: { spec: { containers: [{ args: ['run', 'nightly'] }] } } } },
      },
    });
  });

  it('gives a pod nothing that it does not need', () => {
    const [pod] = pods(manifestsOf([exportedOf()]));
    expect(pod).toMatchObject({
      spec: {
        jobTemplate: {
          spec: {
            template: {
              spec: {
                automountServiceAccountToken: false,
                enableServiceLinks: false,
                securityContext: {
                  runAsNonRoot: true,
                  runAsUser: 1001,
                  runAsGroup: 1001,
                  fsGroup: 1001,
                  seccompProfile: { type: 'RuntimeDefault' },
                },
                containers: [
                  {
                    image: 'run-plan:0.1.0',
                    securityContext: {
                      allowPrivilegeEscalation: false,
                      readOnlyRootFilesystem: true,
                      capabilities: { drop: ['ALL'] },
                    },
                    resources: { requests: { memory: '256Mi' }, limits: { memory: '1Gi' } },
                  },
                ],
                volumes: [
                  {
                    name: 'files',
                    configMap: {
                      name: 'run-plan-files',
                      items: files.map(({ path }) => ({ key: path.replaceAll('/', '.'), path })),
                    },
                  },
                  { name: 'state', emptyDir: {} },
                  { name: 'tmp', emptyDir: {} },
                  {
                    name: 'credentials',
                    secret: {
                      secretName: 'run-plan-credentials',
                      defaultMode: 0o440,
                      items: [{ key: 'age-identity', path: 'age-identity' }],
                    },
                  },
                ],
              },
            },
          },
        },
      },
    });
  });

  it('brings the files as they are', () => {
    const map = manifestsOf([exportedOf()]).find(({ kind }) => kind === 'ConfigMap');
    expect(map?.data).toEqual({
      'run-plan.yaml': files[0]?.text,
      'plans.nightly.yaml': files[1]?.text,
      'tasks.rows-count.ts': files[2]?.text,
    });
  });

  it('names the role on the account', () => {
    const role = 'arn:aws:iam::123456789012:role/backup';
    const account = manifestsOf([exportedOf()], { awsRole: role }).find(
      ({ kind }) => kind === 'ServiceAccount',
    );
    expect(account?.metadata.annotations).toEqual({ 'eks.amazonaws.com/role-arn': role });
  });

  it('keeps records and folders on a claim', () => {
    const [pod] = pods(manifestsOf([exportedOf({}, [inFolder])], { claim: 'backups' }));
    const text = JSON.stringify(pod);
    expect(text).toContain('{"name":"state","persistentVolumeClaim":{"claimName":"backups"}}');
    expect(text).toContain('"mountPath":"/var/backups/clean","subPath":"folders/var/backups/clean"');
  });

  it('waits to be started by hand where a plan has no schedule', () => {
    const [pod] = pods(manifestsOf([exportedOf({ schedule: [] })]));
    expect(pod?.spec).toMatchObject({ suspend: true });
  });

  it.each([
    ['a folder without a claim', exportedOf({}, [inFolder]), {}, 'gone after the run', '--claim'],
    [
      'a name to type',
      exportedOf({ schedule: [] }, [amazon], { confirms: 'prod' }),
      {},
      'in a pod',
      'by hand',
    ],
    ['a long name', exportedOf({ name: 'a'.repeat(50) }), {}, 'more than 49 characters', 'shorter'],
    [
      'tasks beyond measure',
      exportedOf(),
      { files: [{ path: 'tasks/a.ts', text: 'é'.repeat(600_000) }] },
      '1200000 bytes',
      '--image',
    ],
  ])('is refused %s', (_, exported, more, message, hint) => {
    const { obstacles } = exportKubernetes([exported], {
      ...settings,
      image: 'run-plan:0.1.0',
      files,
      ...more,
    });
    expect(obstacles.map((obstacle) => obstacle.message).join()).toContain(message);
    expect(obstacles.map((obstacle) => obstacle.hint).join()).toContain(hint);
  });
});
