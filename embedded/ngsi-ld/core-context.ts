/**
 * The NGSI-LD core context, version 1.8, as data: terms grouped by how JSON-LD coerces their values. A bare name is a term of
 * the ngsi-ld namespace with the same name there; `term=name` one with another name; `term=iri` one elsewhere.
 */
const NAMESPACE = 'https://uri.etsi.org/ngsi-ld/';

export const CORE_CONTEXT_URL = 'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld';
export const DEFAULT_VOCABULARY = `${NAMESPACE}default-context/`;

interface TermGroup {
  readonly type?: string;
  readonly container?: string;
  readonly terms: string;
}

const GROUPS: readonly TermGroup[] = [
  {
    terms: `
      Attribute AttributeList ContextSourceIdentity ContextSourceNotification ContextSourceRegistration Date DateTime
      EntityType EntityTypeInfo EntityTypeList Feature=geojson:Feature FeatureCollection=geojson:FeatureCollection GeoProperty
      GeometryCollection=geojson:GeometryCollection JsonProperty LanguageProperty LineString=geojson:LineString ListProperty
      ListRelationship MultiLineString=geojson:MultiLineString MultiPoint=geojson:MultiPoint MultiPolygon=geojson:MultiPolygon
      Notification Point=geojson:Point Polygon=geojson:Polygon Property Relationship Subscription TemporalProperty Time
      VocabProperty accept attributeCount attributeDetails attrs cacheDuration
      containedBy=isContainedBy contextSourceAlias contextSourceInfo contextSourceUptime cooldown csf data
      description=http://purl.org/dc/terms/description detail endpoint entities entity entityCount entityMap=hasEntityMap
      error errors format geoQ geometry=geojson:geometry geoproperty georel idPattern information isActive join
      joinLevel=hasJoinLevel key=hasKey lang linkedMaps localOnly location management managementInterval mode notification
      notificationTrigger notifierInfo notUpdated observationInterval observationSpace operationSpace operations
      previousValue=hasPreviousValue properties=geojson:properties q reason receiverInfo refreshRate registrationId
      registrationName scope scopeQ showChanges status subscriptionName sysAttrs temporalQ throttling timeInterval timeout
      timeproperty timerel timesFailed timesSent title=http://purl.org/dc/terms/title triggerReason unchanged unitCode updated
      uri value=hasValue`,
  },
  {
    type: '@vocab',
    terms: `
      attributeList attributeName attributeNames attributeTypes attributes objectType=hasObjectType
      previousVocab=hasPreviousVocab propertyNames relationshipNames typeList typeName typeNames vocab=hasVocab
      watchedAttributes`,
  },
  {
    container: '@list',
    terms: `
      avg bbox=geojson:bbox coordinates=geojson:coordinates distinctCount entityList jsons languageMaps=hasLanguageMaps max
      min objectList=hasObjectList objects=hasObjects objectsLists=hasObjectsLists previousObjectList=hasPreviousObjectList
      previousValueList=hasPreviousValueList stddev sum sumsq totalCount valueList=hasValueList valueLists=hasValueLists
      values=hasValues vocabs=hasVocabs`,
  },
  {
    type: '@json',
    terms: `
      contextSourceExtras json=hasJSON previousJson=hasPreviousJson`,
  },
  {
    type: 'DateTime',
    terms: `
      contextSourceTimeAt createdAt deletedAt endAt endTimeAt expiresAt lastFailure lastNotification lastSuccess modifiedAt
      notifiedAt observedAt startAt timeAt`,
  },
  {
    container: '@index',
    terms: `
      dataset=hasDataset`,
  },
  {
    type: '@id',
    terms: `
      datasetId entityId instanceId object=hasObject previousObject=hasPreviousObject subscriptionId success tenant`,
  },
  {
    container: '@set',
    terms: `
      features=geojson:features`,
  },
  {
    container: '@language',
    terms: `
      languageMap=hasLanguageMap previousLanguageMap=hasPreviousLanguageMap`,
  },
];

function termDefinition(target: string, group: TermGroup): unknown {
  if (group.type === undefined && group.container === undefined) return target;
  return {
    '@id': target,
    ...(group.type === undefined ? {} : { '@type': group.type }),
    ...(group.container === undefined ? {} : { '@container': group.container }),
  };
}

function buildCore(): Record<string, unknown> {
  const core: Record<string, unknown> = {
    '@version': 1.1,
    '@protected': true,
    'ngsi-ld': NAMESPACE,
    geojson: 'https://purl.org/geojson/vocab#',
    id: '@id',
    type: '@type',
  };
  for (const group of GROUPS) {
    for (const entry of group.terms.trim().split(/\s+/)) {
      const cut = entry.indexOf('=');
      const term = cut < 0 ? entry : entry.slice(0, cut);
      const target = cut < 0 ? entry : entry.slice(cut + 1);
      core[term] = termDefinition(target.includes(':') || OUTSIDE.has(term) ? target : `ngsi-ld:${target}`, group);
    }
  }
  core['@vocab'] = DEFAULT_VOCABULARY;
  return core;
}

/** The published 1.8 context leaves these two in the default vocabulary. */
const OUTSIDE = new Set(['attributeCount', 'attributeDetails']);

/** The value of `@context` in the core context document. */
export const CORE_CONTEXT: Readonly<Record<string, unknown>> = buildCore();

/** Every version of the core context is answered by the built-in one. */
export function isCoreContextUrl(url: string): boolean {
  return /^https?:\/\/uri\.etsi\.org\/ngsi-ld\/(v1|primer)?\/?ngsi-ld-core-context(-v1\.\d+(\.\d+)?)?\.jsonld$/.test(url);
}
