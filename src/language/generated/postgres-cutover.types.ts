// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of postgres-cutover, which puts a restored database in the place of the live one.
 */
export interface PostgresCutoverParameters {
  /**
   * The restored database; the one that an earlier step of the run restored unless said.
   */
  database?: string;
  /**
   * Name of the live database, which the restored one gets; the one that the environment names unless said.
   */
  live?: string;
  /**
   * Name that the old live database gets, at most 63 bytes; its name, _before_ and the time unless said. It is never dropped.
   */
  'keep-as'?: string;
  /**
   * A dump carries no owners and privileges. copy: gives every object those of the same object in the live database. check: refuses when a role would lose a privilege by the cutover, naming them. ignore: leaves them as the restore made them.
   */
  privileges?: 'copy' | 'check' | 'ignore';
  /**
   * The live database is gone, with its server perhaps: the restored one takes its name, with owners, privileges and settings as the artifact keeps them (`privileges: copy`), or already has them (`check`). Where the live database is there it is kept, as ever.
   */
  'live-gone'?: boolean;
  /**
   * How long to try while somebody still sits in the live database; 30s unless said. Nobody can connect meanwhile.
   */
  wait?: string;
}
