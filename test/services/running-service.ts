/** A service that was started for a test run, and how to be rid of it. */
export interface RunningService<Service> {
  readonly service: Service;
  stop(): Promise<void>;
}
