import { describe, expect, it } from '@jest/globals';
import { filterTakes } from '../../../core/source/topic-filter.ts';

describe('filterTakes', () => {
  it.each([
    ['a/b', 'a/b', true],
    ['a/b', 'a/b/c', false],
    ['a/b/c', 'a/b', false],
    ['a/+/c', 'a/b/c', true],
    ['a/+', 'a/b/c', false],
    ['+/+', '/json', true],
    ['/json/+/+/attrs', '/json/key/device/attrs', true],
    ['/json/+/+/attrs', 'json/key/device/attrs', false],
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['#', 'a/b', true],
    ['#', '$SYS/x', false],
    ['+/x', '$SYS/x', false],
    ['$SYS/#', '$SYS/x', true],
  ])('%s and %s: %s', (filter, topic, taken) => {
    expect(filterTakes(filter.split('/'), topic.split('/'))).toBe(taken);
  });
});
