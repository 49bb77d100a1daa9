import type { Entity } from './entity/entity.ts';
import type { Formed } from './entity/form.ts';
import type { Consignment, DeadLetter, Origin, Publication } from './outbox/outbox.ts';
import type { CommandResult, Instant, Opened, Reading } from './plugin.ts';
import { reject, type Rejection } from './rejection.ts';

/** A consignment with what a person may want to see of the way to it. */
export interface Passage extends Consignment {
  readonly readings: readonly Reading[];
  /** Ids of the registered devices that it came from. */
  readonly devices: readonly string[];
  /** What a message without a measurement was (join, status, …). */
  readonly event?: string;
  /** What became of commands, as devices and networks say. */
  readonly commands?: readonly CommandResult['status'][];
  /** What the envelope wants to be remembered, and published. */
  readonly remember?: Opened['remember'];
  readonly ask?: Opened['ask'];
}

/** Refusals of one stage that are kept one by one: each comes with the whole message, and a long one may have a fault in every line. */
const mostRefusals = 20;

const none: readonly DeadLetter[] = [];

/** The one place where the results of a message's or row's way are gathered, with its origin and raw bytes. */
export class Way {
  private readings: readonly Reading[] = [];
  readonly devices: string[] = [];
  private commands: CommandResult['status'][] | undefined;
  private readonly publications: Publication[] = [];
  private deadLetters: DeadLetter[] | undefined;

  constructor(
    public origin: Origin,
    /** Made of a row only when something of it is refused. */
    private readonly raw: Uint8Array | (() => Uint8Array),
  ) {}

  /** The moment after which everything lies in the future. */
  get now(): Instant {
    return this.origin.latest ?? this.origin.receivedAt;
  }

  /** What is published from here on goes to this tenant. */
  sendTo(tenant: string | undefined): void {
    if (tenant === this.origin.tenant) return;
    const { tenant: _before, ...origin } = this.origin;
    this.origin = tenant === undefined ? origin : { ...origin, tenant };
  }

  /** A registered device sent it. */
  heard(id: string): void {
    if (!this.devices.includes(id)) this.devices.push(id);
  }

  read(readings: readonly Reading[]): void {
    this.readings = this.readings.length === 0 ? readings : [...this.readings, ...readings];
  }

  commanded(status: CommandResult['status']): void {
    (this.commands ??= []).push(status);
  }

  /** Runs a stage, keeps its refusals and hands on its values; a stage that throws is a defect of its plug-in and refused as such. */
  run<O extends { readonly rejections: readonly Rejection[] }>(stage: Rejection['stage'], step: () => O): O | undefined {
    const outcome = this.attempt(stage, step);
    const rejections = outcome?.rejections;
    if (rejections === undefined || rejections.length === 0) return outcome;
    for (const rejection of rejections.slice(0, mostRefusals)) this.refuse(rejection);
    const next = rejections[mostRefusals];
    if (next !== undefined) this.refuse({ ...next, message: `${next.message}; ${rejections.length - mostRefusals - 1} more like these` });
    return outcome;
  }

  attempt<T>(stage: Rejection['stage'], step: () => T): T | undefined {
    try {
      return step();
    } catch (error) {
      this.refuse(reject(stage, 'plugin_failure', `${this.origin.plugin} failed at ${stage}: ${String(error)}; please report this`));
      return undefined;
    }
  }

  /** `formed`: its text, where it is at hand. */
  publish(entity: Entity, formed?: Formed): void {
    this.publications.push(formed === undefined ? { entity, origin: this.origin } : { entity, origin: this.origin, ...formed });
  }

  refuse(rejection: Rejection): void {
    (this.deadLetters ??= []).push({ origin: this.origin, rejection, raw: typeof this.raw === 'function' ? this.raw() : this.raw });
  }

  /** They are kept by another process. */
  forgetRefusals(): void {
    this.deadLetters = undefined;
  }

  isEmpty(): boolean {
    return this.publications.length === 0 && this.deadLetters === undefined;
  }

  end(event?: string, { remember, ask }: Pick<Opened, 'remember' | 'ask'> = {}): Passage {
    const { publications, deadLetters = none, readings, devices, commands } = this;
    return {
      publications,
      deadLetters,
      readings,
      devices,
      ...(commands !== undefined && { commands }),
      ...(event !== undefined && { event }),
      ...(remember !== undefined && { remember }),
      ...(ask !== undefined && { ask }),
    };
  }
}
