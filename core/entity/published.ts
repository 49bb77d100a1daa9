import type { Device, Family } from '../plugin.ts';

/**
 * A device as the public may see it. In families of personal data (`Family.personal`), and where the registry asks for it, the place is
 * rounded to a hundredth of a degree (in Idrija 1.1 km by 0.8 km) and the name is left out; the settlement and the data provider stay.
 * Applied twice it gives the same.
 */
export function asPublished(device: Device, family: Family): Device {
  const location = device.publishedLocation ?? (family.personal === true ? 'coarse' : 'exact');
  if (location === 'exact') return device;
  let published = shownAs.get(device);
  if (published === undefined) shownAs.set(device, (published = coarse(device)));
  return published;
}

const shownAs = new WeakMap<Device, Device>();

function coarse(device: Device): Device {
  const { name: _name, ...shown } = device;
  const [longitude, latitude] = device.location;
  return { ...shown, location: [hundredth(longitude), hundredth(latitude)] };
}

function hundredth(degrees: number): number {
  return Math.round(degrees * 100) / 100;
}
