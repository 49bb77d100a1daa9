import type { Adapter } from '#core';

const fields = ['name', 'latitude', 'longitude', 'last_seen', 'location_type', 'channel_flags', 'temperature', 'humidity', 'pressure'];
const dust = ['pm1.0', 'pm2.5', 'pm10.0'];

export const dataset = {
  publisher: 'PurpleAir, Inc.',
  landingPage: 'https://www.purpleair.com/',
  // Sensors in the open air in the rectangle around Idrija that reported within the last hour.
  url: `https://api.purpleair.com/v1/sensors?fields=${[...fields, ...dust].join(',')}&location_type=0&max_age=3600&nwlng=13.7&nwlat=46.25&selng=14.4&selat=45.75`,
  licence: 'PurpleAir data licence agreement; whoever holds the key has accepted it',
  attribution: 'PurpleAir',
  timezone: 'UTC',
  crs: 'EPSG:4326',
} as const satisfies Adapter['dataset'];
