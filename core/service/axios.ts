import type { AxiosStatic } from 'axios';

let loaded: Promise<AxiosStatic> | undefined;

/** axios, loaded at the first request: most commands make none, and its many files take a fifth of the time in which they answer. */
export function loadAxios(): Promise<AxiosStatic> {
  return (loaded ??= import('axios').then(({ default: axios }) => axios));
}
