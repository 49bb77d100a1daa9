/** A command on its way to a device: who is meant, and the message that its network takes. */
export interface Order {
  /** The entity whose attributes say what became of the command, and its type. */
  readonly entityId: string;
  readonly entityType: string;
  /** The device, as it is known to the operator. */
  readonly device: string;
  /** Attribute of the command; `<name>_status` and `<name>_info` tell of it. */
  readonly name: string;
  readonly value: unknown;
  readonly route: MqttRoute | HttpRoute;
  /** By which the network's answers name the command. */
  readonly reference?: string;
}

export interface MqttRoute {
  readonly kind: 'mqtt';
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** A device that takes commands over HTTP and answers in the body. */
export interface HttpRoute {
  readonly kind: 'http';
  readonly url: string;
  readonly contentType: string;
  readonly body: string;
  /** The topic on which the same answer would come over MQTT. */
  readonly answerTopic: string;
}

/** Why a command is not sent, in the form of the IoT Agents' errors. */
export interface CommandRefusal {
  readonly status: 403 | 404 | 409 | 422;
  readonly name: string;
  readonly message: string;
}

/** Finds the device of a command and makes the message; undefined when the entity is none of its. */
export type OrderFinder = (entityId: string, name: string, value: unknown) => Order | CommandRefusal | undefined;

export function isRefusal(found: Order | CommandRefusal): found is CommandRefusal {
  return 'status' in found;
}
