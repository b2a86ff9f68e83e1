import type { StoredObject } from '../store/repository.ts';
import type { DrillMark } from '../language/generated/drill-mark.types.ts';
import type { Verification } from '../language/generated/verification.types.ts';
import type { Manifest } from './manifest.ts';

/** What a listing keeps of a manifest: the parts that grow with the database stay in the repository. */
export type ArtifactFacts = Omit<Manifest, 'files' | 'fingerprint'>;

/** An artifact as the repository shows it, judged from one listing, its manifest and its marks. */
export type Artifact = StoredArtifact & ArtifactState;

export interface StoredArtifact {
  readonly name: string;
  /** As Postgres spells it: from the manifest, or from the name when the manifest cannot be read. */
  readonly database: string;
  /** Absent when the manifest cannot be read. */
  readonly environment: string | undefined;
  /** When its dump began; the time in its name when the manifest cannot be read. */
  readonly createdAt: Date;
  /** Every stored object of it, manifest and marks included. */
  readonly objects: readonly StoredObject[];
  /** Sum of the objects' sizes. */
  readonly bytes: number;
  /** The newest drill that restored it with success; only of an artifact that is not damaged. */
  readonly drill?: DrillMark;
  /** When that drill had succeeded. */
  readonly drilledAt?: Date;
}

/**
 * `verified`: every file stands there with the manifest's size, and a mark says that every byte was read back.
 * `unverified`: the files stand there, and no mark speaks of this manifest. `damaged`: the manifest cannot be read,
 * or a file is missing or of another size.
 */
export type ArtifactState =
  | {
      readonly state: 'verified';
      readonly facts: ArtifactFacts;
      readonly manifestSha256: string;
      readonly verification: Verification;
    }
  | {
      readonly state: 'unverified';
      readonly facts: ArtifactFacts;
      readonly manifestSha256: string;
      readonly reason: string;
    }
  | { readonly state: 'damaged'; readonly facts?: ArtifactFacts; readonly reason: string };

/** Stored files with an artifact's name and no manifest: what an interrupted dump or prune left, or another tool's. */
export interface Leftover {
  readonly name: string;
  readonly database: string;
  /** The time in the name. */
  readonly at: Date;
  readonly objects: readonly StoredObject[];
  readonly bytes: number;
}

/** Newest first, by the manifest's time; names break ties, so that any listing order gives the same result. */
export function newestFirst(
  left: { readonly createdAt: Date; readonly name: string },
  right: { readonly createdAt: Date; readonly name: string },
): number {
  return right.createdAt.getTime() - left.createdAt.getTime() || (left.name < right.name ? 1 : -1);
}
