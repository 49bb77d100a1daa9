import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Adapters whose shared samples lie in a folder of another name, and which of its files are theirs. */
const elsewhere: Readonly<Record<string, { readonly folder: string; readonly files: RegExp }>> = {
  'nap-counters': { folder: 'traffic-nap', files: /counters/ },
  'moj-elektro': { folder: 'mojelektro', files: /^meter-readings/ },
  'surs-sistat': { folder: 'surs', files: /\.(?:json|csv|px)$/ },
  'nap-gtfs': { folder: 'gtfs-ijpp', files: /stops.*\.json$/ },
  'gurs-rpe': { folder: 'gurs', files: /^RPE_/ },
  'sensor-community': { folder: 'sensor-community', files: /\.csv$/ },
  'lpt-parking': { folder: 'parking-lpt', files: /\.xml$/ },
  'arso-warnings': { folder: 'arso-cap', files: /CAP\.xml$/ },
};

/** The folder below the samples in which the files of an adapter lie. */
export function sampleFolderOf(adapter: string): string {
  return elsewhere[adapter]?.folder ?? adapter;
}

/** Paths of the shared samples of an adapter, at any depth. */
export function sampleFilesOf(adapter: string, samples: string): string[] {
  const folder = join(samples, sampleFolderOf(adapter));
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && elsewhere[adapter]?.files.test(entry.name) !== false)
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
