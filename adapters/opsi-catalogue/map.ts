import { dateTime, property, relationship, urn, type Entity, type Instant, type Json, type Outcome } from '#core';
import { dataset } from './dataset.ts';
import type { PackageRecord, ResourceRecord } from './record.ts';

const catalogueId = urn('Catalogue', 'opsi');

/** The data set, its files, its publisher and the catalogue that all of them belong to. */
export function map(record: PackageRecord): Outcome<Entity> {
  const { publisher } = record;
  const agent: Entity[] =
    publisher === undefined ? [] : [{ id: urn('Agent', 'opsi', publisher.id), type: 'Agent', name: property([publisher.name]) }];
  return {
    values: [catalogue(), ...agent, dataSet(record), ...record.resources.map((resource) => distribution(resource, record))],
    rejections: [],
  };
}

function catalogue(): Entity {
  return {
    id: catalogueId,
    type: 'Catalogue',
    title: property(['Odprti podatki Slovenije']),
    description: property(['Portal odprtih podatkov Slovenije']),
    publisher: property('Ministrstvo za digitalno preobrazbo'),
    homepage: property(dataset.landingPage),
  };
}

function dataSet({
  id,
  name,
  title,
  description,
  publisher,
  keywords,
  themes,
  frequency,
  issued,
  modified,
  resources,
}: PackageRecord): Entity {
  return {
    id: urn('Dataset', 'opsi', id),
    type: 'Dataset',
    title: property([title]),
    description: property([description]),
    belongsToCatalogue: relationship(catalogueId),
    landingPage: property([`${dataset.landingPage}dataset/${name}`]),
    source: property([`${dataset.landingPage}dataset/${id}`]),
    ...given('publisher', publisher?.name),
    ...given('keyword', keywords.length > 0 ? [...keywords] : undefined),
    ...given('theme', themes.length > 0 ? [...themes] : undefined),
    ...given('accrualPeriodicity', frequency),
    ...moment('issued', issued),
    ...moment('modified', modified),
    ...(resources.length > 0 && { distribution: relationship(resources.map((resource) => urn('Distribution', 'opsi', resource.id))) }),
  };
}

function distribution(resource: ResourceRecord, { id, name, licence }: PackageRecord): Entity {
  const { title, description, url, format, mediaType, size, issued, modified } = resource;
  return {
    id: urn('Distribution', 'opsi', resource.id),
    type: 'Distribution',
    accessURL: property([`${dataset.landingPage}dataset/${name}/resource/${resource.id}`]),
    belongsToDataset: relationship(urn('Dataset', 'opsi', id)),
    ...given('title', title === undefined ? undefined : [title]),
    ...given('description', description === undefined ? undefined : [description]),
    ...given('downloadURL', url === undefined ? undefined : [url]),
    ...given('format', format),
    ...given('mediaType', mediaType),
    ...given('license', licence),
    ...(size !== undefined && { byteSize: { ...property(size), unitCode: 'AD' } }),
    ...moment('issued', issued),
    ...moment('modified', modified),
  };
}

function given(name: string, value: Json | undefined): Partial<Entity> {
  return value === undefined ? {} : { [name]: property(value) };
}

function moment(name: string, value: Instant | undefined): Partial<Entity> {
  return value === undefined ? {} : { [name]: dateTime(value) };
}
