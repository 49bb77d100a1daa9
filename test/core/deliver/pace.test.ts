import { describe, expect, it } from '@jest/globals';

import { BatchPace } from '../../../core/deliver/pace.ts';

const pace = (): BatchPace => new BatchPace({ entities: 200, mostEntities: 500, bytes: 900_000, targetMs: 100 });

describe('the size of batches', () => {
  it('grows step by step while full batches are answered soon, up to the most', () => {
    const one = pace();
    one.took(200, 10);
    expect(one.limits.entities).toBe(220);
    for (let n = 0; n < 100; n++) one.took(one.limits.entities, 10);
    expect(one.limits.entities).toBe(500);
  });

  it('does not grow by batches that are not full', () => {
    const one = pace();
    for (let n = 0; n < 100; n++) one.took(50, 1);
    expect(one.limits.entities).toBe(200);
  });

  it('shrinks by a third when an answer takes long, down to the least, and grows again', () => {
    const one = pace();
    one.took(200, 500);
    expect(one.limits.entities).toBe(140);
    for (let n = 0; n < 100; n++) one.took(one.limits.entities, 500);
    expect(one.limits.entities).toBe(10);
    one.took(10, 5);
    expect(one.limits.entities).toBe(30);
  });

  it('does not shrink because a small batch takes long: that says nothing of its size', () => {
    const one = pace();
    one.took(20, 5_000);
    expect(one.limits.entities).toBe(200);
  });

  it('is halved in bytes and entities when the broker says that it is too large', () => {
    const one = pace();
    one.tooLarge(200, 600_000);
    expect(one.limits).toEqual({ entities: 100, bytes: 300_000 });
    for (let n = 0; n < 20; n++) one.tooLarge(10, 10_000);
    expect(one.limits).toEqual({ entities: 100, bytes: 64_000 });
  });

  it('is never more than the configuration allows, not even at first', () => {
    expect(new BatchPace({ entities: 200, mostEntities: 50, bytes: 900_000, targetMs: 100 }).limits.entities).toBe(50);
  });
});
