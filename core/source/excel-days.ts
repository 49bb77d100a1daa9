/**
 * A day number of Excel (days since 1899-12-30, the time as a fraction) as local time, to the second; `epoch1904` where the workbook counts
 * from 1904.
 */
export function fromExcelDays(days: number, epoch1904 = false): { readonly local: string; readonly precision: 'day' | 'time' } {
  const seconds = Math.round((days + (epoch1904 ? 1462 : 0)) * 86_400);
  const local = new Date(Date.UTC(1899, 11, 30) + seconds * 1000).toISOString().slice(0, 19);
  return { local, precision: seconds % 86_400 === 0 ? 'day' : 'time' };
}
