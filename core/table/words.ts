/** Words of headers, Slovenian and English, without marks above letters, and the attribute that they mean. The first that fits is taken. */
export const words: readonly (readonly [
  type: string,
  about: RegExp,
  attributes: readonly (readonly [attribute: string, word: RegExp])[],
])[] = [
  [
    'WaterConsumptionObserved',
    /vodomer|vodovod|odcit|water ?meter/,
    [['waterConsumption', /stanje|poraba|odcitek|reading|consumption|m3/]],
  ],
  [
    'OffStreetParking',
    /parkir|parking/,
    [
      ['name', /naziv|ime|name/],
      ['availableSpotNumber', /prost|free|available/],
      ['totalSpotNumber', /stevilo|mest|spots|capacity|kapacitet/],
    ],
  ],
  [
    'KeyPerformanceIndicator',
    /kazalnik|kazalec|kpi|indicator/,
    [
      ['name', /naziv|ime|kazaln|name/],
      ['kpiValue', /vrednost|value/],
      ['organization', /organizac|obcina/],
    ],
  ],
  [
    'ConsumptionCost',
    /energent|energetsk|knjigovod|elektri[ck]|zemeljski plin|daljinska toplota|\benergy|electricity|\bfuel/,
    [
      ['energyType', /energent|vrsta|carrier|fuel|energy ?type/],
      ['measurementUnit', /^enota|^em$|^unit/],
      ['totalCost', /stros|znesek|cena|eur|cost|amount/],
      ['energyConsumed', /poraba|kolicina|kwh|consum|quantity/],
      ['supplyName', /dobavitelj|supplier/],
    ],
  ],
  [
    'ConsumptionPoint',
    /merilno mesto|merilnih mest|odjemno mesto|odjemnih mest|consumption point|metering point/,
    [
      ['name', /naziv|ime|name/],
      ['code', /sifra|koda|code/],
    ],
  ],
  [
    'AirQualityObserved',
    /pm ?10|pm ?2[.,]?5|no2|ozon|o3|so2/,
    [
      ['pm10', /pm ?10/],
      ['pm25', /pm ?2[.,]?5/],
      ['no2', /no2/],
      ['o3', /^o3|ozon/],
      ['so2', /so2/],
      ['temperature', /temperatur/],
      ['relativeHumidity', /vlag|humid/],
    ],
  ],
  [
    'WeatherObserved',
    /temperatur|padavin|vlag|veter|rain|wind|humid/,
    [
      ['temperature', /temperatur/],
      ['precipitation', /padavin|rain|precip/],
      ['relativeHumidity', /vlag|humid/],
      ['windSpeed', /hitrost|wind ?speed|veter/],
      ['windDirection', /smer|direction/],
    ],
  ],
  [
    'WaterObserved',
    /vodostaj|pretok|water ?level|discharge/,
    [
      ['waterLevel', /vodostaj|level/],
      ['flow', /pretok|flow|discharge/],
    ],
  ],
  [
    'PointOfInterest',
    /znamenitost|zanimivost|tocka|turist|muzej|\bpoi\b|attraction|point of interest|museum|landmark/,
    [
      ['name', /naziv|ime|name/],
      ['description', /opis|descr/],
    ],
  ],
  [
    'Building',
    /stavb|zgradb|objekt|building/,
    [
      ['name', /naziv|ime|name/],
      ['description', /opis|descr/],
      ['floorsAboveGround', /etaz|nadstrop|floors|storeys/],
      ['peopleCapacity', /kapacitet|zmogljivost|stevilo oseb|capacity/],
    ],
  ],
];

/** Attributes that are words; others want a column of numbers. */
export const wordAttributes = new Set(['name', 'description', 'energyType', 'measurementUnit', 'supplyName', 'code']);

/** Small letters without marks above them, as the words are written. */
export function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').replace(/³/g, '3').toLowerCase().trim();
}
