import type { CommandResult } from '../plugin.ts';
import type { Attribute, Entity, Json } from './entity.ts';

const longestInfo = 1000;

/** What became of a command: `<name>_status` and, where something was answered, `<name>_info` of its entity. */
export function commandState(
  { id, type }: Pick<Entity, 'id' | 'type'>,
  name: string,
  { status, info, at }: { readonly status: CommandResult['status'] | 'PENDING'; readonly info?: unknown; readonly at: string },
): Entity {
  const attribute = (value: Json): Attribute => ({ type: 'Property', value, observedAt: at });
  const said = infoOf(info);
  return { id, type, [`${name}_status`]: attribute(status), ...(said === undefined ? {} : { [`${name}_info`]: attribute(said) }) };
}

function infoOf(info: unknown): Json | undefined {
  if (info === undefined || info === null || info === '') return undefined;
  if (typeof info === 'boolean' || (typeof info === 'number' && Number.isFinite(info))) return info;
  return (typeof info === 'string' ? info : JSON.stringify(info)).slice(0, longestInfo);
}
