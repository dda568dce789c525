/** What a Spring application asks for and gets: named sources of properties, the strongest first. */

import type { Properties } from "./properties.ts";

/** A source with a name for people. */
export interface PropertySource {
  readonly name: string;
  readonly properties: Properties;
  /** Bytes and kind of file it came from; for origins. */
  readonly origin?: SourceOrigin | undefined;
}

/** Where the text of a source is, for those who ask for origins. */
export interface SourceOrigin {
  readonly bytes: Uint8Array;
  readonly isYaml: boolean;
  /** Place of the document in its file, from 0. */
  readonly document: number;
}

/** An environment of an application (org.springframework.cloud.config.environment.Environment). */
export interface Environment {
  readonly propertySources: readonly PropertySource[];
  /** What the sources were read from; `null` where that has no version. */
  readonly version: string | null;
}

/** Whose environment is wanted. */
export interface EnvironmentRequest {
  /** Comma list of names. */
  readonly application: string;
  /** As asked, in their order; not empty. */
  readonly profiles: readonly string[];
  readonly label: string | undefined;
}

/** A backend as Spring Cloud Config sees it. */
export interface ConfigRepository {
  /**
   * The environment, with no source when nothing is there.
   *
   * @throws {SpringError} when it cannot be had
   */
  environment(request: EnvironmentRequest, signal: AbortSignal): Promise<Environment>;
  /**
   * A text resource, the strongest of the candidates; `undefined` when there is none.
   *
   * @throws {SpringError} when it cannot be had
   */
  resource(
    request: EnvironmentRequest & { readonly path: string },
    signal: AbortSignal,
  ): Promise<ConfigResource | undefined>;
}

/** A file that is no configuration itself. */
export interface ConfigResource {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** When it changed, milliseconds since the Unix epoch; absent where that is not known. */
  readonly lastModifiedMs?: number | undefined;
}

/** An answer other than a success, with its HTTP status. */
export class SpringError extends Error {
  /** HTTP status. */
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SpringError";
    this.status = status;
  }
}

/** The names of a comma list, without repetition. */
export function namesOf(list: string): readonly string[] {
  return [...new Set(list.split(",").map((name) => name.trim()).filter((name) => name !== ""))];
}
