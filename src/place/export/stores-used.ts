import { defined } from '../../base/defined.ts';
import { known, type MayBeOpen } from '../../language/yaml/open.ts';
import type { S3Location } from '../../language/environment/environment.ts';
import type { ExportedPlan } from './exported-plan.ts';

/** What keeps artifacts and uploads of a plan, and how it is reached. */
export interface StoresUsed {
  /** Folders as they are written. */
  readonly folders: readonly string[];
  /** On Amazon's own S3 (or CloudFront) without keys in the YAML: a role is assumed. */
  readonly needsRole: boolean;
  readonly region?: string;
  /** On other stores without keys in the YAML: the SDK reads `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. */
  readonly needsKeys: boolean;
}

/** Variables by which the SDK finds keys. */
export const keyVariables = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;

export function storesUsed({ plan, environments }: ExportedPlan): StoresUsed {
  const stores = environments.flatMap(({ repository, uploads }) =>
    [repository?.store ?? [], uploads?.store ?? []].flat(),
  );
  const locations = stores.flatMap((store) => (store.kind === 's3' ? [store.s3] : []));
  const keyless = locations.filter(({ accessKeyId }) => accessKeyId === undefined);
  const isAmazon = ({ endpoint }: MayBeOpen<S3Location>): boolean => endpoint === undefined;
  const invalidates = plan.steps.some(
    ({ action }) => action.kind === 'task' && names(action.parameters, 'cloudfront'),
  );
  // One that is open here the scheduler sets, as every variable that the environments name.
  const region = known(
    locations.find((location) => isAmazon(location) && location.region !== undefined)?.region,
  );
  return {
    folders: [
      ...new Set(stores.flatMap((store) => (store.kind === 'folder' ? [String(store.folder)] : []))),
    ].sort(),
    needsRole: keyless.some(isAmazon) || invalidates,
    ...defined({ region }),
    needsKeys: keyless.some((location) => !isAmazon(location)),
  };
}

/** Whether a parameter, however deep, bears a name. */
function names(value: unknown, name: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return name in value || Object.values(value).some((part) => names(part, name));
}
