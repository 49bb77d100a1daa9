import { describe, expect, it } from '@jest/globals';

import type { Device } from '../../../core/plugin.ts';
import { SilenceWatch } from '../../../core/service/silence.ts';

const device: Device = { id: 'aq-1', family: 'air-quality', location: [14.03, 46], expectedInterval: 60 };
const at = (seconds: number): string => new Date(Date.UTC(2026, 4, 1) + seconds * 1000).toISOString();
const told = (turns: ReturnType<SilenceWatch['look']>) => turns.map(({ device: { id }, silent, last }) => ({ id, silent, last }));

describe('SilenceWatch', () => {
  it('reports three expected intervals without a message once, and the return once', () => {
    const watch = new SilenceWatch(undefined, at(0));
    watch.heard('aq-1', at(0));
    expect(watch.look([device], at(180))).toEqual([]);
    expect(told(watch.look([device], at(181)))).toEqual([{ id: 'aq-1', silent: true, last: at(0) }]);
    expect(watch.isSilent('aq-1')).toBe(true);
    expect(watch.look([device], at(1000))).toEqual([]);
    watch.heard('aq-1', at(1001));
    expect(told(watch.look([device], at(1002)))).toEqual([{ id: 'aq-1', silent: false, last: at(1001) }]);
    expect(watch.look([device], at(1003))).toEqual([]);
    expect(watch.isSilent('aq-1')).toBe(false);
  });

  it('reports a device that never sent, counted from when it was first expected', () => {
    const watch = new SilenceWatch(undefined, at(0));
    expect(watch.look([device], at(100))).toEqual([]);
    expect(watch.look([device], at(280))).toEqual([]);
    expect(told(watch.look([device], at(281)))).toEqual([{ id: 'aq-1', silent: true, last: undefined }]);
  });

  it('goes on after a restart, without counting the time in which nobody listened', () => {
    const watch = new SilenceWatch(undefined, at(0));
    watch.heard('aq-1', at(0));
    watch.heard('aq-2', at(0));
    watch.look([{ ...device, id: 'aq-2', expectedInterval: 10 }], at(100));
    const kept = watch.toKeep(at(100));
    const again = new SilenceWatch(JSON.parse(JSON.stringify(kept)) as typeof kept, at(5000));
    expect(again.look([device, { ...device, id: 'aq-2', expectedInterval: 10 }], at(5080))).toEqual([]);
    expect(told(again.look([device], at(5081)))).toEqual([{ id: 'aq-1', silent: true, last: at(0) }]);
    again.heard('aq-2', at(5082));
    expect(told(again.look([{ ...device, id: 'aq-2', expectedInterval: 10 }], at(5083)))).toEqual([
      { id: 'aq-2', silent: false, last: at(5082) },
    ]);
  });

  it('expects nothing of a retired device or one without an interval', () => {
    const watch = new SilenceWatch(undefined, at(0));
    const retired = { ...device, retiredAt: at(10) };
    const { expectedInterval: _, ...free } = { ...device, id: 'aq-3' };
    for (const seconds of [11, 100_000]) expect(watch.look([retired, free], at(seconds))).toEqual([]);
  });
});
