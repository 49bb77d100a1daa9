import type { Subject } from '../core/entity/models.ts';
import type { Config } from '../core/service/config.ts';

/** Where the broker fetches a subject's `@context`: as configured, else from this process's own HTTP server at `ownUrl`. */
export function contextUrlOf(config: Config, subject: Subject, ownUrl: string): string {
  const { contextUrl } = config.broker;
  if (contextUrl === 'official') return subject.officialContext;
  return (contextUrl ?? `${ownUrl}/contexts/{subject}.jsonld`).replaceAll('{subject}', subject.name);
}
