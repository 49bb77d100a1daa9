import { loadAdapters, loadAgents } from '../../core/service/plugins.ts';
import { generatedNote, table } from './markdown.ts';

/** The tables of all plug-ins, from their own declarations. */
export async function pluginsPage(): Promise<string> {
  const { envelopes, decoders, families } = await loadAgents();
  const adapters = await loadAdapters();
  const link = (kind: string, name: string): string => `[${name}](../${kind}/${name}/)`;
  return [
    '# Plug-ins',
    generatedNote,
    'Folders of `agents/` and `adapters/` are discovered; this page lists what they declare.',
    '## Envelopes: who carried the message',
    table(
      ['name', 'what', 'topics'],
      envelopes.map(({ name, title, topics }) => [link('agents/envelopes', name), title.en, topics.map(code).join(' ')]),
    ),
    '## Decoders: what the device said',
    table(
      ['name', 'what', 'vendor', 'models', 'described in'],
      [...decoders.values()].map(({ name, title, device }) => [
        link('agents/decoders', name),
        title.en,
        device.vendor,
        device.models.join(', '),
        device.datasheet,
      ]),
    ),
    '## Families: what it means',
    'Beside these entities the core makes the Device entity of every device: battery, radio and when it last reported.',
    table(
      ['name', 'what', 'quantities', 'entities'],
      [...families.values()].map(({ name, title, quantities, emits }) => [
        link('agents/families', name),
        title.en,
        quantities.join(', '),
        emits.join(', '),
      ]),
    ),
    '## Adapters: datasets',
    table(
      ['name', 'what', 'entities', 'schedule', 'time zone', 'history', 'gone from the source', 'stations unless configured'],
      [...adapters.values()].map(({ name, title, emits, schedule, dataset, history, vanished, defaultStations }) => [
        link('adapters', name),
        title.en,
        emits.join(', '),
        code(schedule),
        dataset.timezone,
        history === undefined ? '' : history.keptDays === undefined ? 'yes' : `${history.keptDays} days`,
        vanished,
        defaultStations === 'all' ? 'all' : defaultStations.map(code).join(' '),
      ]),
    ),
    '## Licences and attribution of the datasets',
    table(
      ['adapter', 'publisher', 'licence', 'attribution'],
      [...adapters.values()].map(({ name, dataset }) => [
        name,
        `[${dataset.publisher}](${dataset.landingPage})`,
        dataset.licence,
        dataset.attribution,
      ]),
    ),
  ].join('\n\n');
}

function code(text: string): string {
  return `\`${text}\``;
}
