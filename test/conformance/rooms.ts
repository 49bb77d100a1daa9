import { sensor } from './broker.ts';

/** Three entities of type Room that differ in every way a query can ask for. */
export const rooms = [
  sensor({
    type: 'Room',
    name: 'Ähre',
    level: 4,
    open: false,
    when: { value: '2026-05-01T10:00:00Z', observedAt: '2026-05-01T10:00:00Z' },
    address: { value: { city: 'Idrija', zip: 5280 } },
    color: { type: 'LanguageProperty', languageMap: { en: 'red', fr: 'rouge' } },
    tags: ['a', 'b'],
    owner: { object: 'urn:ngsi-ld:Person:1' },
    location: { type: 'Point', coordinates: [14.02, 46.0] },
    scope: ['/Idrija/Center', '/Municipal'],
  }),
  sensor({
    type: ['Room', 'Hall'],
    name: 'Zebra',
    level: { value: 6, accuracy: 0.5 },
    open: true,
    location: { type: 'Point', coordinates: [15, 47] },
    scope: '/Idrija',
  }),
  sensor({
    type: 'Room',
    name: 'apple',
    level: 'high',
    location: {
      type: 'Polygon',
      coordinates: [
        [
          [0, 0],
          [4, 0],
          [4, 4],
          [0, 4],
          [0, 0],
        ],
      ],
    },
    scope: '/Cerkno/Center',
  }),
];
