import { levelOfAttribute, levelOfType } from '../../core/access/levels.ts';
import { accessLevels, type Model } from '../../core/entity/models.ts';
import { loadModels } from '../../core/service/load-models.ts';
import { generatedNote, table } from './markdown.ts';

/** Every type with its attributes by level, out of `smart-data-models/`. */
export function accessPage(): string {
  const models = [...loadModels().types.values()];
  const ofLevel = (level: string): string =>
    models
      .filter((model) => levelOfType(model) === level)
      .map(({ type }) => `\`${type}\``)
      .sort()
      .join(', ');
  return [
    '# Who may see what',
    generatedNote,
    'Every type and attribute has a level, declared in `access` of its descriptor in `smart-data-models/`: **open** (everybody, without a token), **partner** ' +
      '(a token of that level, and what may be declared in `partners/*.yaml`) or **internal** (the municipality). What no descriptor names is internal, and an attribute is ' +
      'never more open than its type. A device can be stricter: `access` in `devices.yaml` holds for all its entities, and the Device entity of a meter is as internal as what it measures. ' +
      'The [gateway](gateway.md) and the [sharing](sharing.md) keep to all of it: an internal type or attribute is refused in a declaration, entities of an internal device are left out.',
    table(
      ['level', 'types'],
      accessLevels.map((level) => [level, ofLevel(level)]),
    ),
    '## Attributes',
    'Of an attribute its value, unit, moment and the remark `status` are read with it; other sub-attributes are internal.',
    table(
      ['type', ...accessLevels],
      models
        .sort((a, b) => (a.type < b.type ? -1 : 1))
        .map((model) => [`\`${model.type}\``, ...accessLevels.map((level) => attributesOf(model, level))]),
    ),
  ].join('\n\n');
}

function attributesOf(model: Model, level: string): string {
  return Object.keys(model.attributes)
    .filter((name) => levelOfAttribute(model, name) === level)
    .join(', ');
}
